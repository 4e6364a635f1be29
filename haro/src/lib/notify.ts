/** Says what became of a command, in the corner of the page. Errors stay until they are closed. */
import { notifications } from '@mantine/notifications';
import { ApiError } from './api-error';

export function notifyDone(title: string, message = ''): void {
  notifications.show({ title, message, color: 'loom' });
}

export function notifyFailed(title: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const id = error instanceof ApiError ? error.correlationId : null;
  notifications.show({
    title,
    message: id === null ? message : `${message} (correlation id ${id})`,
    color: 'red',
    autoClose: false,
    role: 'alert',
  });
}
