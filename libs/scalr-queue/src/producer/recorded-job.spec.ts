import { defineJob } from '../contract/job-definition.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { fromRecord, toRecord } from './recorded-job.js';

const Plain = defineJob<{ n: number }>('plain');
const Durable = defineJob<{ n: number }>('durable', { durable: true });
const prepared = (name = 'plain', memory?: number): PreparedJob => ({
  id: 'one',
  name,
  queue: 'default',
  json: '{"n":1}',
  options: { jobId: `${name}~one`, timestamp: 1_000, delay: 500, attempts: 3 },
  shared: {},
  contested: false,
  ...(memory === undefined ? {} : { memory }),
});

it('comes back as it was prepared, to be sent more than once', () => {
  const record = toRecord(prepared(), Plain, 0);
  expect(record).toMatchObject({ name: 'plain', id: 'one', payload: '{"n":1}', durable: false });
  expect(fromRecord(record, 1_200)).toEqual({
    id: 'one',
    name: 'plain',
    queue: 'default',
    json: '{"n":1}',
    contested: true,
    options: { jobId: 'plain~one', timestamp: 1_000, delay: 500, attempts: 3 },
  });
});

it('starts at once when its time is over', () => {
  const { options } = fromRecord(toRecord(prepared(), Plain, 0), 1_500);
  expect(options).toEqual({ jobId: 'plain~one', timestamp: 1_000, attempts: 3 });
});

it('is remembered for as long as its definition says, a durable one for an hour at least', () => {
  const memoryOf = (record: ReturnType<typeof toRecord>) => fromRecord(record, 0).memory;
  expect(memoryOf(toRecord(prepared('plain', 5_000), Plain, 7))).toBe(5_000);
  expect(memoryOf(toRecord(prepared('durable'), Durable, 86_400_000))).toBe(86_400_000);
  expect(memoryOf(toRecord(prepared('durable', 0), Durable, 86_400_000))).toBe(3_600_000);
});

it.each(['{}', '{"options":{"jobId":"other~one"}}', 'null'])('is refused with the options %s', (options) => {
  expect(() => fromRecord({ ...toRecord(prepared(), Plain, 0), options }, 0)).toThrow(/options/);
});
