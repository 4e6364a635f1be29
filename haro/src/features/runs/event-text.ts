/** An event in one line, for people. What the line leaves out is in its payload. */
import type { Envelope } from '../../lib/api-types';
import { formatMoney, formatPrice, formatQuantity } from '../../lib/number-format';

type Payload = Record<string, unknown>;

const textOf = (payload: Payload, name: string): string => {
  const value = payload[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
};

const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join(' ');

const writers: Record<string, (payload: Payload) => string> = {
  'run.created': (payload) => joined(textOf(payload, 'name'), textOf(payload, 'mode'), textOf(payload, 'strategy_id')),
  'run.started': (payload) => joined('with', textOf(payload, 'bars'), 'bars'),
  'run.equity_marked': (payload) => {
    const last = (payload.equity as string[] | undefined)?.at(-1);
    const points = count(payload.times);
    return joined(`${points}`, points === 1 ? 'point,' : 'points, the last', formatMoney(last));
  },
  'run.completed': (payload) => joined('final equity', formatMoney(textOf(payload, 'final_equity'))),
  'run.error': (payload) => joined(`${textOf(payload, 'code')}:`, textOf(payload, 'message')),
  'run.faulted': (payload) => joined(`${textOf(payload, 'code')}:`, textOf(payload, 'message')),
  'run.flattened': (payload) => joined(textOf(payload, 'orders'), 'closing orders'),
  'tape.ticked': ticked,
  'tape.backfilled': (payload) => joined(`${count(payload.bars)}`, 'bars,', textOf(payload, 'reason')),
  'tape.decided': (payload) =>
    joined(textOf(payload, 'orders') || '0', 'orders,', textOf(payload, 'cancels') || '0', 'cancellations'),
  'order.created': orderCreated,
  'order.submitted': (payload) => (Number(payload.attempt ?? 1) > 1 ? `attempt ${textOf(payload, 'attempt')}` : 'sent'),
  'order.accepted': (payload) => joined('the exchange calls it', textOf(payload, 'exchange_order_id')),
  'order.filled': filled,
  'order.partially_filled': filled,
  'risk.halted': (payload) => joined(`${textOf(payload, 'policy')}:`, textOf(payload, 'message')),
  'risk.resumed': (payload) => joined('by', textOf(payload, 'by')),
  'log.written': (payload) => {
    const lines = payload.lines as Payload[] | undefined;
    return joined(`${count(lines)} lines, the last:`, textOf(lines?.at(-1) ?? {}, 'message'));
  },
};

export function eventText({ type, payload }: Pick<Envelope, 'type' | 'payload'>): string {
  const writer = writers[type.replace(/\.v\d+$/, '')];
  if (writer !== undefined) return writer(payload);
  return textOf(payload, 'reason') || textOf(payload, 'message') || plainFields(payload);
}

function ticked(payload: Payload): string {
  const bars = (payload.bars as Payload[] | undefined) ?? [];
  const closes = bars.map((bar) => `${textOf(bar, 'symbol')} ${formatPrice(textOf(bar, 'close'))}`);
  const missed = Number(payload.missed ?? 0);
  return joined(closes.join(', ') || 'no bar', missed > 0 ? `after ${missed} missed` : '');
}

function orderCreated(payload: Payload): string {
  const prices = [
    ['limit', 'price'],
    ['stop', 'stop_price'],
    ['take profit', 'take_profit'],
    ['stop loss', 'stop_loss'],
  ].map(([label = '', name = '']) =>
    textOf(payload, name) === '' ? '' : `${label} ${formatPrice(textOf(payload, name))}`,
  );
  const kind = (textOf(payload, 'order_type') || 'market').replaceAll('_', ' ');
  const subject = [textOf(payload, 'side'), formatQuantity(textOf(payload, 'qty')), textOf(payload, 'symbol')];
  return joined(...subject, kind, ...prices, textOf(payload, 'tag'));
}

function filled(payload: Payload): string {
  const subject = [textOf(payload, 'side'), formatQuantity(textOf(payload, 'qty')), textOf(payload, 'symbol')];
  return joined(...subject, 'at', formatPrice(textOf(payload, 'price')), 'fee', formatMoney(textOf(payload, 'fee')));
}

function plainFields(payload: Payload): string {
  const fields = Object.entries(payload).filter(
    ([name, value]) => name !== 'at' && name !== 'run_id' && typeof value !== 'object',
  );
  return fields.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}

/** Whether the event's type, line or payload holds the words, in whatever case. */
export function mentions(event: Envelope, words: string): boolean {
  const wanted = words.trim().toLowerCase();
  return (
    event.type.includes(wanted) ||
    eventText(event).toLowerCase().includes(wanted) ||
    JSON.stringify(event.payload).toLowerCase().includes(wanted)
  );
}
