import { resolveOptions } from '../config/resolved-options.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { EnqueueError, OutcomeUnknownError, QueueFullError } from '../contract/errors/enqueue.errors.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { Tracing } from '../tracing/tracing.js';
import { jobOf } from '../../../../test/conformance/engine/engine.js';
import { InFlightLimit } from './in-flight.limit.js';
import { JobSender } from './job.sender.js';

const reason = new Error('the client has gone');
const never = () => new Promise<never>(() => undefined);

/** A sender, and what it has told to be enqueued. */
function makeSender() {
  const engine = new MemoryEngine(resolveOptions({ app: 'shop', redis: 'redis://none.invalid' }, {}));
  const events = new JobEvents();
  const told: string[] = [];
  events.on('enqueued', ({ id }) => void told.push(id));
  const sender = new JobSender(engine, new InFlightLimit(), events, new Tracing());
  const recorded = vi.spyOn(engine.types, 'record');
  return { engine, sender, told, recorded };
}

/** The error of a call that has to fail. */
async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  );
}

const ways: [
  string,
  (sender: JobSender, job: PreparedJob, signal?: AbortSignal) => Promise<EnqueuedJob | EnqueuedJob[]>,
][] = [
  ['one job', (sender, job, signal) => sender.send(job, signal)],
  ['a slice', (sender, job, signal) => sender.sendMany([job, jobOf()], signal)],
];

describe.each(ways)('the call for %s', (_what, send) => {
  it('throws the reason of its signal when it is aborted before anything was sent', async () => {
    const { engine, sender } = makeSender();
    const add = vi.spyOn(engine.intake, 'addContested');
    const early = new AbortController();
    early.abort(reason);
    expect(await errorOf(send(sender, jobOf(), early.signal))).toBe(reason);

    const waiting = new AbortController();
    let admit = () => {};
    const asked = vi
      .spyOn(engine.intake, 'admit')
      .mockReturnValue(new Promise((resolve) => (admit = () => resolve())));
    const call = errorOf(send(sender, jobOf(), waiting.signal));
    await vi.waitFor(() => expect(asked).toHaveBeenCalled(), { timeout: 10_000 });
    waiting.abort(reason);
    expect(await call).toBe(reason);
    admit();
    await new Promise((resolve) => setImmediate(resolve));
    expect(add).not.toHaveBeenCalled();
  });

  it('does not know what became of its jobs when it is aborted after they were sent', async () => {
    const { engine, sender, told } = makeSender();
    const add = vi.spyOn(engine.intake, 'addContested').mockImplementation(never);
    const controller = new AbortController();
    const job = jobOf();
    const call = errorOf(send(sender, job, controller.signal));
    await vi.waitFor(() => expect(add).toHaveBeenCalled(), { timeout: 10_000 });
    controller.abort(reason);
    const error = await call;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect((error as OutcomeUnknownError).jobIds[0]).toBe(job.id);
    expect(error.cause).toBe(reason);
    expect(told).toEqual([]);
  });

  it('fails as a read when it could not learn whether there is room, and as an enqueue after that', async () => {
    const { engine, sender, recorded } = makeSender();
    const [asRead, asEnqueue] = [new Error('of a read'), new Error('of an enqueue')];
    vi.spyOn(engine, 'readError').mockResolvedValue(asRead);
    vi.spyOn(engine, 'enqueueError').mockResolvedValue(asEnqueue);
    vi.spyOn(engine.intake, 'admit').mockRejectedValueOnce(new Error('away'));
    expect(await errorOf(send(sender, jobOf()))).toBe(asRead);
    vi.spyOn(engine.intake, 'addContested').mockRejectedValue(new Error('away'));
    expect(await errorOf(send(sender, jobOf()))).toBe(asEnqueue);
    expect(recorded).not.toHaveBeenCalled();
  });

  it('tells of its jobs once they are stored', async () => {
    const { sender, told, recorded } = makeSender();
    const job = jobOf({ queue: 'mail' });
    const outcome = [await send(sender, job)].flat();
    expect(outcome[0]).toEqual({ id: job.id, name: 'send', queue: 'mail', status: 'created' });
    expect(told).toHaveLength(outcome.length);
    expect(told[0]).toBe(job.id);
    expect(recorded).toHaveBeenCalledExactlyOnceWith(job);

    // Whoever brings a signal goes another way.
    const other = jobOf();
    const outcomes = [await send(sender, other, new AbortController().signal)].flat();
    expect(told.slice(outcome.length)).toEqual(outcomes.map(({ id }) => id));
    expect(recorded).toHaveBeenLastCalledWith(other);
  });
});

it('a call waits for the attempt to connect that is under way, and no longer than its signal', async () => {
  const { engine, sender } = makeSender();
  let connected = () => {};
  const underWay = () => new Promise<void>((resolve) => (connected = resolve));
  const usable = vi.spyOn<QueueEngine, 'usable'>(engine, 'usable').mockImplementationOnce(underWay);
  const job = jobOf();
  const call = sender.send(job);
  connected();
  expect(await call).toMatchObject({ id: job.id, status: 'created' });
  usable.mockImplementationOnce(underWay);
  const controller = new AbortController();
  const aborted = errorOf(sender.send(jobOf(), controller.signal));
  controller.abort(reason);
  expect(await aborted).toBe(reason);
});

describe('a slice', () => {
  it('of no jobs asks nothing of the engine', async () => {
    const { engine, sender, recorded } = makeSender();
    const usable = vi.spyOn(engine, 'usable');
    expect(await sender.sendMany([])).toEqual([]);
    expect([usable, recorded].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  it('of which some failed says which are stored, and what is worst of the others', async () => {
    const { engine, sender, told } = makeSender();
    const jobs = [jobOf(), jobOf(), jobOf()];
    const failures = [undefined, new QueueFullError('full'), new Error('broken')];
    const inDoubt = vi.spyOn(engine, 'isInDoubt').mockReturnValue(false);
    const enqueueError = vi
      .spyOn(engine, 'enqueueError')
      .mockImplementation(async (failure) => new QueueFullError(String(failure)));
    vi.spyOn(engine.intake, 'addAll').mockResolvedValue(failures);
    const refused = (await errorOf(sender.sendMany(jobs))) as EnqueueError;
    expect(refused.enqueued).toMatchObject([{ id: jobs[0]!.id, status: 'created' }]);
    expect(enqueueError).toHaveBeenLastCalledWith(failures[1], []);
    expect(told).toEqual([jobs[0]!.id]);

    inDoubt.mockImplementation((failure) => failure === failures[2]);
    await errorOf(sender.sendMany(jobs));
    expect(enqueueError).toHaveBeenLastCalledWith(failures[2], [jobs[2]!.id]);
  });

  it('of which every job failed tells of none', async () => {
    const { engine, sender, told, recorded } = makeSender();
    vi.spyOn(engine.intake, 'addAll').mockResolvedValue([new QueueFullError('full')]);
    const error = (await errorOf(sender.sendMany([jobOf()]))) as EnqueueError;
    expect(error.enqueued).toEqual([]);
    expect(told).toEqual([]);
    expect(recorded).not.toHaveBeenCalled();
  });
});
