/** Replies with which Redis refuses a command before any of it has run, and what each says about the server. */
const REFUSALS = {
  READONLY: 'this server is a replica, which takes no writes',
  NOREPLICAS: 'too few replicas are connected to the master',
  MASTERDOWN: 'this replica has lost its master',
  LOADING: 'it is loading its data from disk',
  MISCONF: 'it cannot save to disk',
  BUSY: 'a script has been running for too long',
  NOAUTH: 'it asks for a password',
  WRONGPASS: 'it refuses the user or the password',
  NOPERM: 'the user lacks a permission',
  DENIED: 'its protected mode refuses connections from other hosts',
  OOM: 'it is out of memory',
  EXECABORT: 'it discarded the transaction',
  NOSCRIPT: 'it has forgotten a script',
  CLUSTERDOWN: 'the cluster does not serve the slot of the app',
  TRYAGAIN: 'the slot of the app is being moved',
  MOVED: 'the slot of the app has moved',
  ASK: 'the slot of the app is being moved',
  CROSSSLOT: 'the keys belong to different slots',
} as const;

/** The code of a refusal. */
export type RefusalCode = keyof typeof REFUSALS;

/** A refusal: nothing of the command has run. */
export interface Refusal {
  readonly code: RefusalCode;
  /** What it says about the server, after "Redis refuses: ". */
  readonly why: string;
}

/** Redis 6.2 wraps the error of a call within a script. */
const WITHIN_SCRIPT = /^ERR Error running script .*@user_script: ?\d+: -?(.*)$/s;
/** Upstream: a text of ioredis, without a code. */
const TOO_MANY_REDIRECTIONS = /^Too many Cluster redirections\. Last error: (?:\w*Error: )?(.*)$/s;
const OF_A_SCRIPT_LINE = / script: [0-9a-f]+, on @user_script:?\d*\.?/;

/**
 * The refusal that an error is; undefined for every other one, where part of the command, or all of it, may have run.
 * A script that is refused its first write has done nothing. One that lacks a permission half way may have.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  const { message, wrapped } = innermost(error);
  const code = /^-?([A-Z]+)\b/.exec(message)?.[1];
  if (code === undefined || !Object.hasOwn(REFUSALS, code)) return undefined;
  if (code === 'NOPERM' && (wrapped || OF_A_SCRIPT_LINE.test(message))) return undefined;
  return { code: code as RefusalCode, why: REFUSALS[code as RefusalCode] };
}

/** The reply that is the cause: of a discarded transaction, of too many redirections, within a script. */
function innermost(error: unknown): { message: string; wrapped: boolean } {
  const { previousErrors } = (error ?? {}) as { previousErrors?: readonly unknown[] };
  const [first] = previousErrors ?? [];
  if (first !== undefined) return innermost(first);
  const message = error instanceof Error ? error.message : String(error);
  const redirected = TOO_MANY_REDIRECTIONS.exec(message)?.[1];
  if (redirected !== undefined) return innermost(new Error(redirected));
  const inScript = WITHIN_SCRIPT.exec(message)?.[1];
  return inScript === undefined ? { message, wrapped: false } : { message: inScript, wrapped: true };
}

/** The text of a reply without the place in the script, which means nothing to its reader. */
export function replyOf(message: string): string {
  return message.replace(OF_A_SCRIPT_LINE, '');
}
