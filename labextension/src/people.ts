/** What of a snapshot is for a person to decide: what conversations may spend, and what handlers ask. */

import { each, has, isFlag, isMoment, isNumber, isText, listOf, maybe, type Moment, type Shape } from './guards';

/** What one conversation has spent, in tokens. */
export interface AccountRow {
  /** The conversation's number. */
  readonly key: number;
  /** Null for as many as it likes. */
  readonly limit: number | null;
  readonly used: number;
  /** Set aside for what is under way. */
  readonly reserved: number;
  /** Its conversation is under way. */
  readonly open?: boolean;
  /** An agent was told that a threshold is crossed. */
  readonly warned?: boolean;
}

export interface Budgets {
  /** What each conversation may spend whose limit nobody has raised. */
  readonly limit: number | null;
  /** What all conversations have spent. */
  readonly tokens: number;
  readonly accounts: readonly AccountRow[];
}

/** What a handler asks a person. */
export interface QuestionRow {
  readonly key: number;
  readonly conversation: number;
  readonly frame: number;
  readonly name: string;
  /** `budget`, or something else that is answered in words. */
  readonly kind: string;
  readonly text: string;
  readonly asked: Moment;
  /** The limit in tokens that would do. */
  readonly needs?: number;
}

export interface Questions {
  readonly total: number;
  readonly questions: readonly QuestionRow[];
}

const isLimit = (value: unknown): boolean => value === null || isNumber(value);
const ACCOUNT: Shape = {
  ...each(isNumber, 'key', 'used', 'reserved'),
  limit: isLimit,
  open: maybe(isFlag),
  warned: maybe(isFlag)
};
const QUESTION: Shape = {
  ...each(isNumber, 'key', 'conversation', 'frame'),
  ...each(isText, 'name', 'kind', 'text'),
  asked: isMoment,
  needs: maybe(isNumber)
};

export const isBudgets = (value: unknown): value is Budgets =>
  has(value, { limit: isLimit, tokens: isNumber, accounts: listOf(row => has(row, ACCOUNT)) });
export const isQuestions = (value: unknown): value is Questions =>
  has(value, { total: isNumber, questions: listOf(row => has(row, QUESTION)) });
