/**
 * The server's answers by the names the page uses, made from its OpenAPI document (`npm run types`).
 * Decimals and times stay strings everywhere: money is formatted, never computed with floats.
 */
import type { components, paths } from './api-schema';

type Schemas = components['schemas'];

export type Decimal = string;
export type Timestamp = string;

export type Run = Schemas['Run'];
export type RunMode = Run['mode'];
export type RunStatus = Schemas['RunStatus'];
export type RunError = Schemas['RunFault'];
export type Order = Schemas['Order'];
export type OrderStatus = Schemas['OrderStatus'];
export type Fill = Schemas['Fill'];
export type OrderReasons = Schemas['OrderReasons'];
export type Reason = Schemas['Reason'];
export type PeriodOfRun = Schemas['PeriodOfRun'];
export type Trade = Schemas['Trade'];
export type Decision = Schemas['Decision'];
export type LogLine = Schemas['LogLine'];
export type Envelope = Schemas['Envelope'];
/** The types events can be filtered by. */
export type EventType = NonNullable<
  NonNullable<paths['/api/v1/runs/{run_id}/events']['get']['parameters']['query']>['type']
>[number];
export type Candle = Schemas['Candle'];
export type Indicator = Schemas['Indicator'];
export type RunIndicators = Schemas['RunIndicators'];
export type EquityPoint = Schemas['EquityPoint'];
export type StrategyEntry = Schemas['Strategy'];
export type StrategyCheck = Schemas['CheckedStrategy'];
export type SymbolCoverage = Schemas['Coverage'];
export type Part = Schemas['Part'];
export type AccountDiscrepancy = Schemas['AccountDiscrepancy'];
export type NewRun = Schemas['NewRun'];
export type NewFork = Schemas['NewFork'];
export type Parity = Schemas['Parity'];
export type ParityDifference = Schemas['ParityDifference'];
export type ParityExample = Schemas['ParityExample'];
export type Timeframe = NonNullable<NewRun['timeframe']>;
export type Sweep = Schemas['Sweep'];
export type SweepInFull = Schemas['SweepInFull'];
export type SweepStatus = Schemas['SweepStatus'];
export type NewSweep = Schemas['NewSweep'];
export type Trial = Schemas['Trial'];
export type TrialPoint = Schemas['TrialPoint'];
export type Surface = Schemas['Surface'];
export type Risk = Schemas['Risk'];
export type RiskChange = Schemas['RiskChange'];
export type Position = Schemas['Position'];
export type Account = Schemas['Account'];
export type ExchangeAccount = Schemas['ExchangeAccount'];
export type Activity = Schemas['Activity'];
export type Overview = Schemas['Overview'];
export type ReadModel = Schemas['ReadModel'];
export type RunningProcess = Schemas['RunningProcess'];
export type NotificationChannel = Schemas['NotificationChannel'];
export type Readiness = Schemas['Readiness'];
export type Info = Schemas['Info'];
export type ErrorBody = Schemas['Failure'];

/** The words of the server's own lists, for filters and addresses; the types keep them complete and right. */
export const runModes = ['backtest', 'paper', 'live'] as const satisfies readonly RunMode[];
export const runStatuses = [
  'pending',
  'running',
  'paused',
  'stopped',
  'completed',
  'error',
] as const satisfies readonly RunStatus[];
export const sweepStatuses = ['running', 'stopped', 'completed', 'error'] as const satisfies readonly SweepStatus[];
export const orderSides = ['buy', 'sell'] as const satisfies readonly Order['side'][];
export const orderStatuses = [
  'pending',
  'submitted',
  'accepted',
  'partial',
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'unknown',
] as const satisfies readonly OrderStatus[];

/** A list as the server gives it, whatever is in it. */
export interface Page<Item> {
  items: Item[];
  total: number | null;
  page: number | null;
  page_size: number;
  next_cursor: string | null;
}

/** A statistic says what it is based on, or why there is none. */
export type Figure = Schemas['Figure'];
export type RunFigures = Record<string, Figure | undefined>;

export interface JsonSchemaProperty {
  type?: string | string[];
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number | Decimal;
  maximum?: number | Decimal;
  exclusiveMinimum?: number | Decimal;
  exclusiveMaximum?: number | Decimal;
  anyOf?: JsonSchemaProperty[];
}

/** The JSON Schema of a strategy's parameters, which the document leaves open. */
export interface ParameterSchema {
  type?: string;
  properties?: Record<string, JsonSchemaProperty>;
  required?: string[];
}
