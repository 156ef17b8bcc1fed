import { fromStoredId, nameOfStoredId } from '../../engine/job-id.js';
import { redactText } from '../../observability/redaction.js';
import { ConsoleError, toConsoleError } from '../console.error.js';
import type { Call, Route } from '../router.js';
import { ofEach, servicesOf } from '../visible-apps.js';

/** A walk over all keys is done once a while, however many ask. */
const MEMORY_AGE_MS = 30_000;
const SAMPLE_AGE_MS = 5_000;
const SAMPLED_BY = ['kind', 'tag', 'size'] as const;

/** What holds jobs back, and what takes the memory. */
export const SURVEY_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/limits', role: 'view', answer: limits, sharedFor: 1_000 },
  {
    method: 'GET',
    path: '/api/queues/:app/:queue/sample',
    role: 'view',
    answer: sample,
    sharedFor: SAMPLE_AGE_MS,
  },
  { method: 'GET', path: '/api/memory', role: 'view', answer: memory, sharedFor: MEMORY_AGE_MS },
];

async function limits(call: Call): Promise<object> {
  const notes: string[] = [];
  const looks = await ofEach(call, async (app, { queues, shared }) => {
    /** What may not be asked of one app is told, and keeps nobody from the rest. */
    const seen = async <T extends object>(what: string, look: Promise<readonly T[]>) => {
      const all = await look.catch((error: unknown): readonly T[] => {
        const why = toConsoleError(error)?.message;
        if (why === undefined) throw error;
        notes.push(`${app}: ${what} were not looked at, ${why}`);
        return [];
      });
      return all.map((one) => ({ app, ...one }));
    };
    const [limited, limiters, locks] = await Promise.all([
      seen('limits of queues', queues.limits()),
      seen('limiters', shared.limits()),
      seen('locks', shared.locks()),
    ]);
    return [{ queues: limited, limiters, locks }];
  });
  return {
    queues: looks.flatMap(({ queues }) => queues),
    limiters: looks.flatMap(({ limiters }) => limiters).map(redactedTexts),
    locks: looks
      .flatMap(({ locks }) => locks)
      .map(redactedTexts)
      .toSorted((one, other) => other.heldFor - one.heldFor),
    notes,
  };
}

/** By what an account may see without the right to payloads. */
async function sample(call: Call): Promise<object> {
  const { app, queue } = call.params;
  const wanted = call.query.get('by') ?? 'kind';
  const by = SAMPLED_BY.find((one) => one === wanted);
  if (!by) throw new ConsoleError(400, 'INVALID_QUERY', `by is one of ${SAMPLED_BY.join(', ')}`);
  const { queues } = await servicesOf(call, app);
  const found = await queues.sample(queue!, { by });
  return { ...found, parts: found.parts.map((part) => ({ ...part, value: redactedValue(part.value) })) };
}

const redactedValue = <T>(value: T): T | string => (typeof value === 'string' ? redactText(value) : value);

/** Of one app. */
async function memory(call: Call): Promise<object> {
  const { largest, unique, ...found } = await (await servicesOf(call)).memory();
  const ofJob = (storedId: string) => ({ id: fromStoredId(storedId), name: nameOfStoredId(storedId) });
  return {
    ...found,
    largest: largest.map(({ storedId, ...job }) => ({ ...job, ...ofJob(storedId) })),
    unique: {
      count: unique.count,
      oldest: unique.oldest.map(({ storedId, ...one }) => ({ ...one, ...ofJob(storedId) })),
    },
  };
}

/** Names of keys and of those who wait may hold anything. */
function redactedTexts<T extends { readonly key?: string; readonly waiters: readonly string[] }>(one: T): T {
  return {
    ...one,
    ...(one.key === undefined ? {} : { key: redactText(one.key) }),
    waiters: one.waiters.map((waiter) => redactText(waiter)),
  };
}
