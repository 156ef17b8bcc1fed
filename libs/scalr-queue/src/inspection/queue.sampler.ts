import { Injectable } from '@nestjs/common';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { QueueSample, SampleBy, SamplePart } from '../contract/queue-sample.js';
import { type Glimpse, GLIMPSE_PAYLOAD } from '../engine/glimpse.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { AppState } from './app.state.js';
import { JobReader } from './job.reader.js';
import { valueAt } from './pending.filter.js';
import { checkQueue } from './unknown-queue.js';

const DEFAULT_SIZE = 500;
const MAX_SIZE = 5_000;
const MAX_PARTS = 100;
const MAX_PATH = 200;
/** Jobs looked at in one round trip, and where payloads are read: few enough that no other app waits for them. */
const SLICE = 50;
const PAYLOAD_SLICE = 10;
/** Characters of a value of a payload: longer ones are cut, and may then be taken for one. */
const VALUE_LENGTH = 200;
const KIB = 1_024;
const SIZES = [1, 4, 16, 64, 256];
const check = new OptionChecker(InvalidOptionError);

type Value = SamplePart['value'];

/** Says who fills a queue from a sample of the jobs that wait in it: the cost does not grow with the backlog. */
@Injectable()
export class QueueSampler {
  constructor(
    private readonly engine: QueueEngine,
    private readonly state: AppState,
    private readonly reader: JobReader,
  ) {}

  /** @throws InvalidOptionError, QueueUnavailableError */
  async sample(queue: string, options: unknown): Promise<QueueSample> {
    const { by, size } = checkOptions(options);
    const { queues } = await this.reader.bounded(() => this.state.read());
    checkQueue(
      queue,
      queues.map(({ name }) => name),
    );
    const { total } = await this.look(queue, [], false);
    const places = placesOf(total, size);
    const readsPayload = typeof by === 'object';
    const slice = readsPayload ? PAYLOAD_SLICE : SLICE;
    // Jobs move up while others start: one may be met twice.
    const seen = new Map<string, Glimpse>();
    for (let from = 0; from < places.length; from += slice) {
      const { jobs } = await this.look(queue, places.slice(from, from + slice), readsPayload);
      for (const job of jobs) seen.set(job.storedId, job);
    }
    return { queue, by, total, exact: total <= size, ...tally([...seen.values()], by, total) };
  }

  private look(queue: string, places: readonly number[], readsPayload: boolean) {
    return this.reader.bounded(() => this.engine.jobs.glimpse(queue, places, readsPayload));
  }
}

/** One place at random in each of `size` equal parts of the line; all of a short one. */
function placesOf(total: number, size: number): number[] {
  if (total <= size) return Array.from({ length: total }, (_, place) => place);
  return Array.from({ length: size }, (_, part) => Math.floor(((part + Math.random()) * total) / size));
}

function tally(jobs: readonly Glimpse[], by: SampleBy, total: number) {
  const parts = new Map<Value, { jobs: number; bytes: number }>();
  let [read, damaged, tooLarge] = [0, 0, 0];
  for (const { known } of jobs) {
    if (!known) damaged++;
    else if (typeof by === 'object' && known.bytes > GLIMPSE_PAYLOAD) tooLarge++;
    else {
      read++;
      for (const value of valuesOf(known, by)) {
        const part = parts.get(value) ?? { jobs: 0, bytes: 0 };
        parts.set(value, { jobs: part.jobs + 1, bytes: part.bytes + known.bytes });
      }
    }
  }
  const sorted = [...parts].toSorted(([, a], [, b]) => b.jobs - a.jobs || b.bytes - a.bytes);
  const others = sorted.slice(MAX_PARTS).reduce((sum, [, part]) => sum + part.jobs, 0);
  return {
    lookedAt: jobs.length,
    damaged,
    tooLarge,
    parts: sorted.slice(0, MAX_PARTS).map(([value, part]): SamplePart => {
      const share = part.jobs / read;
      // What could not be read may be anybody's.
      const estimate = Math.round((part.jobs / jobs.length) * total);
      return { ...(value === undefined ? {} : { value }), ...part, share, estimate };
    }),
    others,
  };
}

function valuesOf({ name, tags, bytes, payload }: NonNullable<Glimpse['known']>, by: SampleBy): Value[] {
  if (by === 'kind') return [name];
  if (by === 'tag') return tags.length > 0 ? [...tags] : [undefined];
  if (by === 'size') return [sizeOf(bytes)];
  const value = valueAt(payload, by.payload.split('.'));
  if (typeof value === 'string') return [value.slice(0, VALUE_LENGTH).toWellFormed()];
  return [value === null || typeof value === 'number' || typeof value === 'boolean' ? value : undefined];
}

function sizeOf(bytes: number): string {
  const at = SIZES.findIndex((kib) => bytes < kib * KIB);
  if (at < 0) return `${SIZES.at(-1)} KiB or more`;
  return at === 0 ? `under ${SIZES[0]} KiB` : `${SIZES[at - 1]} to ${SIZES[at]} KiB`;
}

/** @throws InvalidOptionError */
function checkOptions(options: unknown): { by: SampleBy; size: number } {
  const { by, size } = check.object('the options of sample', options, ['by', 'size']);
  return {
    by: checkBy(by),
    size: size === undefined ? DEFAULT_SIZE : check.integer('size', size, 1, MAX_SIZE),
  };
}

function checkBy(by: unknown): SampleBy {
  if (by === 'kind' || by === 'tag' || by === 'size') return by;
  const expected = '"kind", "tag", "size" or { payload: "path.of.a.value" }';
  if (typeof by !== 'object' || by === null) return check.fail('by', expected, by);
  const { payload } = check.object('by', by, ['payload']);
  if (typeof payload !== 'string' || payload === '' || payload.length > MAX_PATH)
    return check.fail('by.payload', `a path of 1 to ${MAX_PATH} characters`, payload);
  return { payload };
}
