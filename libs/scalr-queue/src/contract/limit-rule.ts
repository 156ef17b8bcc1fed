/** What a limiter allows, checked; durations are milliseconds. */
export type LimitRule =
  | { readonly kind: 'bucket'; readonly capacity: number; readonly refill: number; readonly per: number }
  | { readonly kind: 'window'; readonly max: number; readonly per: number }
  | { readonly kind: 'concurrent'; readonly max: number; readonly lease: number };

/** When a limiter stops asking what it guards, checked; durations are milliseconds. */
export interface BreakerRule {
  readonly failures: number;
  readonly per: number;
  readonly open: number;
}

/** The most that one call may cost, and that is free at a time. */
export const mostOf = (rule: LimitRule): number => (rule.kind === 'bucket' ? rule.capacity : rule.max);

/** How long, in milliseconds, a limiter takes on average to grant one: of one that counts those that run, nobody knows. */
export const intervalOf = (rule: LimitRule): number => {
  if (rule.kind === 'concurrent') return 0;
  return rule.kind === 'bucket' ? rule.per / rule.refill : rule.per / rule.max;
};
