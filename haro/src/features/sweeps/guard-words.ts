/** What speaks for and against the best trial being more than luck, in words. */
import type { Figure, Sweep } from '../../lib/api-types';
import { formatCount } from '../../lib/number-format';
import { figureText } from './figure-text';

export interface GuardWords {
  /** What to think of it; null while the sweep is not completed, or nothing can be said. */
  verdict: string | null;
  tone: 'doubtful' | 'open' | 'good';
  /** One sentence each, with what it is based on. */
  lines: { text: string; basis: string | null }[];
}

const intervals = [
  ['sharpe_ratio', 'Sharpe ratio'],
  ['total_return', 'total return'],
  ['max_drawdown', 'max drawdown'],
] as const;

export function guardWords({ guards, best }: Pick<Sweep, 'guards' | 'best'>): GuardWords {
  if (guards === null) return { verdict: null, tone: 'open', lines: [] };
  const tried = Number(guards.trials?.value ?? 0);
  if (best === null) {
    const text = `None of ${formatCount(tried)} trials counts: each failed, was given up or misses a constraint.`;
    return { verdict: null, tone: 'open', lines: [{ text, basis: null }] };
  }
  const skill = guards.deflated_sharpe;
  if (typeof skill?.value !== 'number') {
    const text = `How much of the best of ${formatCount(tried)} trials is luck cannot be told.`;
    return { verdict: null, tone: 'open', lines: [{ text, basis: skill?.reason ?? null }] };
  }
  const lines = [
    sentence(`that it has any skill, after ${formatCount(tried)} trials`, skill),
    sentence('had it been the only trial', guards.probabilistic_sharpe),
    ...intervals.flatMap(([name, words]) => interval(name, words, guards)),
  ];
  return { ...verdictOn(skill.value), lines };
}

function sentence(words: string, figure: Figure | undefined): GuardWords['lines'][number] {
  if (typeof figure?.value === 'number')
    return { text: `${(figure.value * 100).toFixed(1)} % probable ${words}.`, basis: figure.basis ?? null };
  return { text: `How probable ${words}: unknown.`, basis: figure?.reason ?? null };
}

function interval(name: string, words: string, guards: NonNullable<Sweep['guards']>): GuardWords['lines'] {
  const [low, high] = [guards[`${name}_low`], guards[`${name}_high`]];
  const ends = [low?.value ?? null, high?.value ?? null];
  if (low === undefined || ends.includes(null)) return [];
  const span = ends.map((end) => figureText(name, end)).join(' to ');
  return [{ text: `95 % interval of its ${words}: ${span}.`, basis: low.basis ?? null }];
}

function verdictOn(probability: number): Pick<GuardWords, 'verdict' | 'tone'> {
  if (probability >= 0.95) return { verdict: 'Hardly luck alone, as far as these days can tell.', tone: 'good' };
  if (probability >= 0.5) return { verdict: 'This may well be luck.', tone: 'open' };
  return { verdict: 'More likely luck than skill.', tone: 'doubtful' };
}
