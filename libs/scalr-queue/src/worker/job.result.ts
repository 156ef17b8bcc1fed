import { Logger } from '@nestjs/common';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { describeThrown } from '../engine/failure.js';
import { plainJson } from '../contract/plain-json.js';
import { applySchema } from '../contract/schema.js';
import { toStrictJson } from '../contract/strict-json.js';

/** A handler that returns what cannot be stored does so for every job: one line in this time is enough. */
const WARN_INTERVAL = 60_000;

const logger = new Logger('ScalrQueue');
const warnedAt = new Map<string, number>();

/**
 * What is stored of what a handler returned; a promise only where the schema answers with one. The handler has done its
 * work, so nothing here may run it again.
 * @throws what a result schema has against it, or why what it gives cannot be stored
 */
export function resultOf(definition: AnyJobDefinition, returned: unknown, limit: number): unknown {
  const subject = `result of ${definition.name}`;
  if (!definition.resultSchema) return storable(subject, returned, limit);
  const check = (result: unknown): unknown => {
    if (result === undefined) return null;
    toStrictJson(subject, result, limit);
    return result;
  };
  const result = applySchema(subject, definition.resultSchema, returned);
  return result instanceof Promise ? result.then(check) : check(result);
}

/** The value itself where it is strict JSON, else what plain JSON makes of it, or null: nobody said what it has to be. */
function storable(subject: string, value: unknown, limit: number): unknown {
  if (value === undefined) return null;
  try {
    toStrictJson(subject, value, limit);
    return value;
  } catch (error) {
    const plain = plainJson(value, limit);
    warn(subject, error as Error, plain === undefined);
    return plain ?? null;
  }
}

/** A value that the engine can make JSON of: null where it cannot, as that would run a job again that has done its work. */
export function stringifiable(subject: string, value: unknown): unknown {
  try {
    JSON.stringify(value);
    return value;
  } catch (error) {
    warn(subject, new Error(`${subject} cannot be made JSON: ${describeThrown(error).message}`), true);
    return null;
  }
}

function warn(subject: string, { message }: Error, isLost: boolean): void {
  const now = performance.now();
  if (now - (warnedAt.get(subject) ?? -Infinity) < WARN_INTERVAL) return;
  warnedAt.set(subject, now);
  const stored = isLost ? 'null is stored instead' : 'what JSON makes of it is stored instead';
  logger.warn(
    `${message.replace(/\.$/, '')}. The job is completed anyway, ${stored}. Return plain data, or nothing.`,
  );
}
