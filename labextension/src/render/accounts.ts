/** Where a budget stands: in percent, in words, and how much it is raised by. */

import type { AccountRow, ConversationRow, QuestionRow, Snapshot } from '../protocol';
import type { Glyph, Hue } from './glyphs';
import { count } from './words';

/** The percentages that are marked on a meter; from the first on it needs attention, from the last on it is a fault. */
export const TICKS = [75, 90, 95] as const;

/** A new limit is that many times the old one, until a person says otherwise. */
const MORE = 1.6;

/** One account with what it belongs to. */
export interface Standing {
  readonly key: number;
  readonly account: AccountRow;
  readonly conversation: ConversationRow | undefined;
  /** What waits for a higher limit. */
  readonly question: QuestionRow | undefined;
}

/** Give the accounts with their conversations and questions, the newest first. */
export function standings({ budgets, threads, questions }: Snapshot): Standing[] {
  const conversations = new Map(threads.conversations.map(row => [row.key, row]));
  const asked = new Map(
    questions.questions.filter(row => row.kind === 'budget').map(row => [row.conversation, row] as const)
  );
  return [...budgets.accounts].reverse().map(account => ({
    key: account.key,
    account,
    conversation: conversations.get(account.key),
    question: asked.get(account.key)
  }));
}

/** How much of the limit is spent or set aside, in whole percent; null without a limit. */
export function percentOf({ limit, used, reserved }: AccountRow): number | null {
  return limit === null ? null : Math.floor((100 * (used + reserved)) / Math.max(1, limit));
}

/** How a meter looks at a percentage. */
export function levelOf(percent: number | null): '' | 'attention' | 'fault' {
  const [near, , full] = TICKS;
  return percent === null || percent < near ? '' : percent < full ? 'attention' : 'fault';
}

/** Say where a budget stands. */
export function wordsOf({ account, conversation, question }: Standing): [Glyph, Hue, string] {
  const percent = percentOf(account);
  const level = question ? 'fault' : levelOf(percent);
  if (!question && !account.open) {
    return over(conversation);
  }
  if (level === '') {
    return ['processing', 'running', told(percent) || 'no limit'];
  }
  const words = [told(percent), reason(account, question !== undefined)];
  return ['warn', level, words.filter(Boolean).join(', ')];
}

function over(conversation: ConversationRow | undefined): [Glyph, Hue, string] {
  return OVER[conversation?.state ?? ''] ?? ['idle', 'idle', ''];
}

function reason(account: AccountRow, waits: boolean): string {
  if (waits) {
    return 'waits for you';
  }
  return isUsedUp(account) ? 'used up' : account.warned ? 'agent warned' : '';
}

function told(percent: number | null): string {
  return percent === null ? '' : `${count(percent)} %`;
}

const OVER: Readonly<Record<string, [Glyph, Hue, string]>> = {
  done: ['done', 'idle', 'done'],
  failed: ['error', 'fault', 'failed'],
  ended: ['stop', 'idle', 'ended']
};

/** Nothing is left. */
export function isUsedUp({ limit, used }: AccountRow): boolean {
  return limit !== null && used >= limit;
}

/** How many budgets are exhausted, of conversations that are under way. */
export function exhausted({ budgets, questions }: Snapshot): number {
  const asked = new Set(questions.questions.filter(row => row.kind === 'budget').map(row => row.conversation));
  return budgets.accounts.filter(row => asked.has(row.key) || (row.open && isUsedUp(row))).length;
}

/** The limit that is proposed: more by a fair share, and enough for what waits. */
export function proposed({ account, question }: Standing): number {
  return Math.max(Math.ceil((account.limit ?? 0) * MORE), question?.needs ?? 0);
}

/** Read a number as people write it: 80,000 or 80000; null if it is none. */
export function readCount(text: string): number | null {
  const digits = text.replace(/[\s,_.']/g, '');
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}
