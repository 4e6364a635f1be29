import type { Decimal } from '../lib/api-types';
import { direction, formatSignedMoney } from '../lib/number-format';
import classes from './signed-money.module.css';

/** A gain or a loss: told by its sign and, besides, by its colour. */
export function SignedMoney({ value }: { value: Decimal | number | null | undefined }) {
  const text = formatSignedMoney(value);
  return (
    <span className={classes.amount} data-direction={direction(text)}>
      {text}
    </span>
  );
}
