/** What a run has used of its limits, in words: pure. */
import type { Overview } from '../../lib/api-types';
import { formatCount, formatMoney, formatPercent, formatQuantity } from '../../lib/number-format';

type UsedLimit = Overview['runs'][number]['limits'][number];

/** How near a limit is: `near` from 70 % on, `reached` at all of it. */
export type Nearness = 'far' | 'near' | 'reached';

export interface LimitLine {
  name: string;
  label: string;
  limit: string;
  used: string;
  left: string;
  /** Used of the limit: 0 for none, 1 for all; more beyond it. */
  share: number;
  nearness: Nearness;
}

const near = 0.7;

const labels: Record<string, [label: string, write: (amount: string) => string]> = {
  max_position: ['Largest position', formatQuantity],
  max_order_notional: ['Largest order', formatMoney],
  max_open_orders: ['Open orders', formatCount],
  max_orders_per_minute: ['Orders a minute', formatCount],
  max_gross_exposure: ['Exposure', formatMoney],
  max_daily_loss: ['Daily loss', formatMoney],
  max_drawdown: ['Drawdown', formatPercent],
  max_bar_age_seconds: ['Oldest bar, s', formatCount],
  cooldown_after_loss_seconds: ['Pause after a loss, s', formatCount],
};

/** Those that are used up bit by bit, the nearest first. */
export function limitLines(limits: UsedLimit[]): LimitLine[] {
  return limits
    .flatMap(({ name, limit, used, left }) => {
      if (used === null || left === null) return [];
      const [label, write] = labelOf(name);
      const share = shareOf(used, limit);
      return [
        { name, label, limit: write(limit), used: write(used), left: write(left), share, nearness: nearnessOf(share) },
      ];
    })
    .sort((a, b) => b.share - a.share);
}

/** Those that concern each order by itself: "Largest order 1,000.00". */
export function orderLimits(limits: UsedLimit[]): string[] {
  return limits.flatMap(({ name, limit, used }) => {
    if (used !== null) return [];
    const [label, write] = labelOf(name);
    return [`${label} ${write(limit)}`];
  });
}

function labelOf(name: string): [label: string, write: (amount: string) => string] {
  return labels[name] ?? [name.replaceAll('_', ' '), formatQuantity];
}

/** Of a limit of nothing everything is used. */
function shareOf(used: string, limit: string): number {
  return Number(limit) > 0 ? Number(used) / Number(limit) : 1;
}

function nearnessOf(share: number): Nearness {
  if (share >= 1) return 'reached';
  return share >= near ? 'near' : 'far';
}
