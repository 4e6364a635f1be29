import { screen, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { renderApp } from '../render-app';
import { answerGet } from '../server';
import { answerSystem, phone } from './system-scene';

beforeEach(answerSystem);

test('the channels of notifications are listed with what they take and what is amiss', async () => {
  renderApp('/system');
  const list = await screen.findByRole('list', { name: 'Notification channels' });
  const row = within(list).getByRole('listitem');
  expect(row).toHaveTextContent('phone');
  expect(row).toHaveTextContent('refused some');
  expect(row).toHaveTextContent('run.*, risk.halted, warning and above, of paper and live runs');
  expect(row).toHaveTextContent('1,204 sent, 4 waiting, 2 parked');
  expect(row).toHaveTextContent('400 Bad Request: chat not found');
});

test('an error that is over is not shown, and without a channel it says how to get one', async () => {
  const well = { ...phone, state: 'ok', events: ['*'], minimum_severity: 'critical', is_quiet: true } as const;
  answerGet('/notifications', { items: [well] });
  const { unmount } = renderApp('/system');
  const list = await screen.findByRole('list', { name: 'Notification channels' });
  expect(list).toHaveTextContent('all events, critical alone, of paper and live runs');
  expect(list).toHaveTextContent('quiet hours');
  expect(list).not.toHaveTextContent('chat not found');
  unmount();
  answerGet('/notifications', { items: [] });
  renderApp('/system');
  expect(await screen.findByText('WEAVER_NOTIFICATIONS')).toBeInTheDocument();
});
