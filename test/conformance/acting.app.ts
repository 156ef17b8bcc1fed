import { defineJob, type EffectCall, type JobContext, JobEvents } from 'scalr-queue';
import { appOf, handlerOf, type StartDriver } from './driver.js';

/** Three attempts at most, 20 ms and 60 ms apart. */
export const Work = defineJob<string>('work', { retry: { attempts: 3, delay: 20, factor: 3, jitter: 0 } });

/** An app whose handler does this, with the attempts that were made and what was told of the job. */
export async function appThat(start: StartDriver, act: (context: JobContext) => unknown, definition = Work) {
  const attempts: number[] = [];
  const told: string[] = [];
  const listener = {
    provide: 'listener of the behaviours',
    inject: [JobEvents],
    useFactory: (events: JobEvents) => {
      for (const name of ['started', 'completed', 'retrying', 'postponed', 'dead', 'cancelled'] as const)
        events.on(name, () => void told.push(name));
      return events;
    },
  };
  const handler = handlerOf(definition, (_payload, context) => {
    attempts.push(context.attempt);
    return act(context);
  });
  return { ...(await appOf(start, { providers: [handler, listener] })), attempts, told };
}

export function fail(): never {
  throw Object.assign(new TypeError('it broke'), { code: 'E_BROKE' });
}

/** An effect that notes the keys that it is called with. */
export function effectThat(act: (call: EffectCall, times: number) => unknown) {
  const keys: string[] = [];
  const effect = async (call: EffectCall): Promise<unknown> => {
    keys.push(call.idempotencyKey);
    return act(call, keys.length);
  };
  return { keys, effect };
}
