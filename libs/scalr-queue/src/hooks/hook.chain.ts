import { JobHookError } from '../contract/errors/hook.errors.js';

/** A method of a hook, with the hook that it is called on. */
export interface HookCall<Subject> {
  /** `TenantHook.attempt`, for messages. */
  readonly label: string;
  run(subject: Subject, next: () => Promise<unknown>): unknown;
}

const ignore = () => undefined;

/** Calls hooks in their order, the first around all others, and `last` in their middle. */
export function throughHooks<Subject>(
  hooks: readonly HookCall<Subject>[],
  subject: Subject,
  last: () => Promise<unknown>,
): Promise<unknown> {
  const from = (at: number): Promise<unknown> => {
    const hook = hooks[at];
    return hook ? through(hook, subject, () => from(at + 1)) : last();
  };
  return from(0);
}

async function through<Subject>(
  hook: HookCall<Subject>,
  subject: Subject,
  inner: () => Promise<unknown>,
): Promise<unknown> {
  let given: Promise<unknown> | undefined;
  let isOver = false;
  const next = (): Promise<unknown> => {
    if (given || isOver) {
      const when = isOver ? 'after it had ended' : 'twice';
      return handled(
        Promise.reject(
          new JobHookError(`${hook.label} called next() ${when}: call it once, and wait for it`),
        ),
      );
    }
    // A hook may leave it alone.
    return (given = handled(inner()));
  };
  let answer: unknown;
  try {
    answer = await hook.run(subject, next);
  } finally {
    isOver = true;
    // The job is not over before its handler is, whatever the hook waits for.
    await given?.then(ignore, ignore);
  }
  if (answer !== undefined) return answer;
  if (given) return given;
  throw new JobHookError(
    `${hook.label} neither called next() nor returned anything: return next(), or an answer of its own`,
  );
}

function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}
