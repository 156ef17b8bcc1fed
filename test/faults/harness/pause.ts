import { setTimeout } from 'node:timers/promises';

/** Only for times that are part of the fault: how long Redis is away, a network slow, a process stopped. */
export const pause = (ms: number): Promise<void> => setTimeout(ms);
