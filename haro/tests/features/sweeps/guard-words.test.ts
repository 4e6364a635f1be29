import { expect, test } from 'vitest';
import { guardWords } from '../../../src/features/sweeps/guard-words';
import type { Figure } from '../../../src/lib/api-types';

const known = (value: number): Figure => ({ value, basis: 'daily returns', reason: null });
const unknown = (reason: string): Figure => ({ value: null, basis: null, reason });

const guards = {
  trials: known(36),
  deflated_sharpe: known(0.371),
  probabilistic_sharpe: known(0.91),
  sharpe_ratio_low: known(-0.2),
  sharpe_ratio_high: known(1.9),
  total_return_low: known(-0.05),
  total_return_high: known(0.31),
  max_drawdown_low: unknown('too short'),
  max_drawdown_high: unknown('too short'),
};

test('a best trial that many others could have been is said to be luck', () => {
  const { verdict, tone, lines } = guardWords({ guards, best: 4 });
  expect([verdict, tone]).toEqual(['More likely luck than skill.', 'doubtful']);
  expect(lines.map(({ text }) => text)).toEqual([
    '37.1 % probable that it has any skill, after 36 trials.',
    '91.0 % probable had it been the only trial.',
    '95 % interval of its Sharpe ratio: -0.20 to 1.90.',
    '95 % interval of its total return: -5.00% to 31.00%.',
  ]);
});

test.each([
  [0.5, 'This may well be luck.'],
  [0.949, 'This may well be luck.'],
  [0.95, 'Hardly luck alone, as far as these days can tell.'],
])('a probability of %d is worded as it is', (probability, words) => {
  expect(guardWords({ guards: { ...guards, deflated_sharpe: known(probability) }, best: 4 }).verdict).toBe(words);
});

test('what cannot be told is said with its reason, and nothing is judged', () => {
  const { verdict, lines } = guardWords({
    guards: { ...guards, deflated_sharpe: unknown('3 daily returns: nothing is told from fewer than 30') },
    best: 4,
  });
  expect(verdict).toBeNull();
  expect(lines).toEqual([
    {
      text: 'How much of the best of 36 trials is luck cannot be told.',
      basis: '3 daily returns: nothing is told from fewer than 30',
    },
  ]);
});

test('without a best trial there is nothing to judge', () => {
  expect(guardWords({ guards, best: null }).lines[0]?.text).toMatch(/^None of 36 trials counts/);
  expect(guardWords({ guards: null, best: null })).toEqual({ verdict: null, tone: 'open', lines: [] });
});
