import { z } from 'zod';
import { defineJob, isJobDefinition } from './job-definition.js';

const define = defineJob as (name: unknown, options?: unknown) => unknown;
const messageOf = (name: unknown, options?: unknown): string => {
  try {
    define(name, options);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_JOB_DEFINITION' });
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};
const NAME_RULE =
  '1 to 128 characters of letters, digits, "_", "." and "-", beginning with a letter or digit';

describe('the name of a job', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, 'an object'],
    [5, '5'],
    ['', '""'],
    ['x'.repeat(129), `"${'x'.repeat(57)}..."`],
    ['a\r\nb', String.raw`"a\r\nb"`],
    ['a\u0000', String.raw`"a\u0000"`],
    ['a:b', '"a:b"'],
    ['a~b', '"a~b"'],
    ['{x}', '"{x}"'],
    ['*', '"*"'],
    ['__proto__', '"__proto__"'],
    ['-a', '"-a"'],
    ['größe', '"größe"'],
  ])('cannot be %o', (name, got) => {
    expect(messageOf(name)).toBe(`expected the name of the job to be ${NAME_RULE}, got: ${got}`);
  });

  it('cannot begin as those of the library do', () => {
    expect(messageOf('scalr.ping')).toBe(
      'expected the name of the job to be a name that does not begin with "scalr.", which the library keeps for its own jobs, got: "scalr.ping"',
    );
    expect(define('scalr-ping')).toMatchObject({ name: 'scalr-ping' });
  });

  it('of a megabyte makes a short message', () => {
    expect(messageOf('x'.repeat(1_000_000)).length).toBeLessThan(300);
  });

  it.each(['invoice.send', 'constructor', 'toString', '7', 'A_b-c.d', 'x'.repeat(128)])(
    'can be %s',
    (name) => {
      expect(define(name)).toMatchObject({ name, queue: 'default' });
    },
  );
});

describe('a setting of a job', () => {
  it.each<[object, string]>([
    [{ queue: '' }, `expected queue to be ${NAME_RULE}, got: ""`],
    [{ queue: 'a:b' }, `expected queue to be ${NAME_RULE}, got: "a:b"`],
    [{ queue: '{x}' }, `expected queue to be ${NAME_RULE}, got: "{x}"`],
    [{ queue: 'q'.repeat(300) }, `expected queue to be ${NAME_RULE}, got: "${'q'.repeat(57)}..."`],
    [{ queue: 'a\nb' }, String.raw`expected queue to be ${NAME_RULE}, got: "a\nb"`],
    [{ retry: { attempts: 0 } }, 'expected retry.attempts to be an integer from 1 to 100, got: 0'],
    [{ retry: { attemps: 3 } }, 'unknown option "attemps" in retry, did you mean "attempts"?'],
    [{ retry: { factor: 0 } }, 'expected retry.factor to be a number from 1 to 10, got: 0'],
    [{ retry: { jitter: 2 } }, 'expected retry.jitter to be a number from 0 to 1, got: 2'],
    [{ retry: true }, 'expected retry to be an object, got: true'],
    [{ retry: 3 }, 'expected retry to be an object, got: 3'],
    [{ timeout: 0 }, `expected timeout to be a duration from 1 to 2073600000 ms, as whole milliseconds or a string like '10m', got: 0`],
    [{ timeout: '30d' }, `expected timeout to be a duration from 1 to 2073600000 ms, as whole milliseconds or a string like '10m', got: "30d"`],
    [{ expiresIn: 'never' }, `expected expiresIn to be a duration from 1 to 31622400000 ms, as whole milliseconds or a string like '10m', got: "never"`],
    [{ priority: -1 }, 'expected priority to be an integer from 0 to 2097151, got: -1'],
    [{ priority: 2 ** 21 }, 'expected priority to be an integer from 0 to 2097151, got: 2097152'],
    [{ unique: 'yes' }, 'expected unique to be an object, got: "yes"'],
    [{ unique: { key: '' } }, 'expected unique.key to be a string of 1 to 1024 characters, or a function that makes one, got: ""'],
    [{ unique: { for: 0 } }, `expected unique.for to be a duration from 1 to 31622400000 ms, as whole milliseconds or a string like '10m', got: 0`],
    [{ unique: { onConflict: 'drop' } }, 'expected unique.onConflict to be one of "keep", "replace", "rerun", got: "drop"'],
    [{ unique: { ttl: 1 } }, 'unknown option "ttl" in unique, known are: key, for, onConflict'],
    [{ keep: { completed: { count: -1 } } }, 'expected keep.completed.count to be an integer from 0 to 1000000, got: -1'],
    [{ keep: { dead: { age: Number.NaN } } }, `expected keep.dead.age to be a duration from 1000 to 31622400000 ms, as whole milliseconds or a string like '10m', got: NaN`],
    [{ keep: { completed: true } }, 'expected keep.completed to be an object, got: true'],
    [{ keep: { failed: {} } }, 'unknown option "failed" in keep, known are: completed, dead, ids'],
    [{ keep: { ids: -1 } }, `expected keep.ids to be a duration from 0 to 31622400000 ms, as whole milliseconds or a string like '10m', got: -1`],
    [{ payload: {} }, 'expected payload to be a schema of the Standard Schema v1, such as one of zod or valibot, got: an object'],
    [{ payload: null }, 'expected payload to be a schema of the Standard Schema v1, such as one of zod or valibot, got: null'],
    [{ result: String }, 'expected result to be a schema of the Standard Schema v1, such as one of zod or valibot, got: a function'],
    [{ repeat: { every: 1 } }, 'unknown option "repeat" in the options of job'],
    [{ timout: 1 }, 'unknown option "timout" in the options of job, did you mean "timeout"?'],
  ])('is refused with its bound: %o', (options, message) => {
    expect(messageOf('job', options)).toContain(message);
  }); // prettier-ignore

  it.each([null, 5, [], 'retry'])('stands in an object, not in %o', (options) => {
    expect(messageOf('job', options)).toMatch(/^expected the options of job to be an object, got: /);
  });
});

describe('a definition', () => {
  it('is frozen, and known as one, also in a copy of this package', () => {
    const definition = defineJob('job', { payload: z.object({ a: z.string() }), queue: 'mail' });
    expect(Object.isFrozen(definition)).toBe(true);
    expect(Object.isFrozen(definition.settings)).toBe(true);
    expect(definition).toMatchObject({ name: 'job', queue: 'mail' });
    expect(isJobDefinition(definition)).toBe(true);
    const ofACopy = { [Symbol.for('scalr-queue.job-definition')]: true };
    expect(isJobDefinition(ofACopy)).toBe(true);
  });

  it.each([undefined, null, 'job', { name: 'job', queue: 'default' }, defineJob, 5])('is not %o', (value) => {
    expect(isJobDefinition(value)).toBe(false);
  });
});
