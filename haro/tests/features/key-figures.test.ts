import { expect, test } from 'vitest';
import { keyFigures } from '../../src/features/runs/key-figures';
import type { RunFigures } from '../../src/lib/api-types';
import { aRun } from '../samples';

function texts(run = aRun(), figures?: RunFigures) {
  const last = { time: '2024-02-01T00:00:00Z', equity: '98765.5', cash: '1', drawdown: 0.05 };
  return Object.fromEntries(
    keyFigures(run, figures, { points: [{ ...last, drawdown: 0.2 }, last], account: null }).map(
      ({ id, text, explanation }) => [id, [text, explanation]],
    ),
  );
}

test('the statistics win, and say what they are based on', () => {
  const figures = { total_pnl: { value: '-10', basis: 'after fees' } };
  expect(texts(aRun(), figures)).toMatchObject({ 'total-pnl': ['-10.00', 'after fees'] });
});

test('a figure without a value is unknown with its reason, even where the run has a number', () => {
  const figures = { sharpe_ratio: { value: null, reason: 'under 30 days' } };
  expect(texts(aRun(), figures)).toMatchObject({ sharpe: ['—', 'under 30 days'] });
});

test('before there are statistics the run and its equity are asked', () => {
  expect(texts()).toMatchObject({
    'final-equity': ['98,765.50', expect.stringContaining('Cash and open positions')],
    'total-pnl': ['-1,234.50', expect.stringContaining('after fees')],
    trades: ['3', 'Positions from flat to flat.'],
  });
});

test('a run without any figures of its own is judged by its curve', () => {
  expect(texts(aRun({ stats: null, initial_cash: '100000' }))).toMatchObject({
    'total-pnl': ['-1,234.50', expect.anything()],
    'total-return': ['-1.23%', expect.anything()],
    'max-drawdown': ['20.00%', expect.anything()],
  });
});

test('equity is called final only when it is', () => {
  const label = (status: 'running' | 'completed') =>
    keyFigures(aRun({ status }), undefined, { points: [], account: null })[0]?.label;
  expect(label('running')).toBe('Equity');
  expect(label('completed')).toBe('Final equity');
});
