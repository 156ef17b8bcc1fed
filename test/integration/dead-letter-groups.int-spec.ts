import { Injectable } from '@nestjs/common';
import { DeadLetterService, defineJob, ProcessJob } from 'scalr-queue';
import { startBoth } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';

interface Fault {
  readonly message: string;
  readonly code?: string;
  readonly bug?: boolean;
}

const Charge = defineJob<Fault>('card.charge', { retry: false });
const mended = { yes: false };

@Injectable()
class Handlers {
  @ProcessJob(Charge)
  run({ message, code, bug }: Fault) {
    if (bug) throw new TypeError(message);
    if (!mended.yes) throw Object.assign(new Error(message), code ? { code } : {});
  }
}

const away = (n: number): Fault => ({
  message: `connect ECONNREFUSED 10.0.0.${n}:443 while charging order-${n} of ada${n}@example.com, api_key=s3cret${n}`,
  code: 'ECONNREFUSED',
});
const busy = (n: number): Fault => ({ message: `provider answered 503 for request req_${n}f9a8${n}` });
const bug: Fault = { message: "Cannot read properties of undefined (reading 'currency')", bug: true };

describe('groups of dead jobs', () => {
  it('count by fault, and one of them is retried while the others stay', async () => {
    mended.yes = false;
    const { app, queue, get } = await startBoth({ providers: [Handlers] });
    const dead = get(DeadLetterService);
    const faults = [
      ...Array.from({ length: 30 }, (_, n) => away(n)),
      ...Array.from({ length: 20 }, (_, n) => busy(n)),
    ];
    await queue.enqueueMany(Charge, [...faults, bug, bug, bug]);
    await eventually(async () => expect(await dead.count()).toBe(53));

    const { groups, jobs, ungrouped } = await dead.groups();
    expect([jobs, ungrouped]).toEqual([53, undefined]);
    expect(groups.map(({ jobs: count, error }) => [count, error.name, error.code, error.message])).toEqual([
      [
        30,
        'Error',
        'ECONNREFUSED',
        expect.stringMatching(/^connect ECONNREFUSED <ip> while charging order-<n> of <mail>, /),
      ],
      [20, 'Error', undefined, 'provider answered 503 for request <id>'],
      [3, 'TypeError', undefined, bug.message],
    ]);
    const [refused, overloaded, bugs] = groups;
    expect(refused).toMatchObject({
      name: 'card.charge',
      reason: 'attempts',
      fingerprint: expect.stringMatching(/^[\da-f]{8}$/) as string,
    });
    expect(refused!.firstDiedAt.getTime()).toBeLessThanOrEqual(refused!.lastDiedAt.getTime());
    expect((await dead.get(refused!.lastId))?.finishedAt).toEqual(refused!.lastDiedAt);
    expect((await dead.groups({ error: 'currency' })).groups).toEqual([bugs]);
    expect((await dead.groups({ group: overloaded!.fingerprint })).groups).toEqual([overloaded]);
    expect(await dead.count({ group: bugs!.fingerprint })).toBe(3);
    expect((await dead.list({ group: bugs!.fingerprint })).jobs).toHaveLength(3);

    const { cli, json } = commandsOf(app);
    const shown = await cli('dead groups');
    expect(shown.out.split('\n')[0]!.trim().split(/ +/)).toEqual([
      'GROUP',
      'JOBS',
      'NAME',
      'REASON',
      'FIRST',
      'LAST',
      'ERROR',
    ]);
    expect(shown.out).toContain(`${bugs!.fingerprint}     3  card.charge`);
    expect(shown.out + JSON.stringify(await json('dead groups'))).not.toContain('s3cret');
    expect(await json('dead groups --error currency')).toMatchObject({ jobs: 3, groups: [{ jobs: 3 }] });

    mended.yes = true;
    expect(await json(`dead retry --group ${refused!.fingerprint} --yes`)).toMatchObject({
      matched: 30,
      retried: 30,
      dryRun: false,
    });
    await eventually(async () => expect(await dead.count()).toBe(23));
    expect((await dead.groups()).groups.map(({ jobs: count }) => count)).toEqual([20, 3]);
    expect(await dead.delete({ group: bugs!.fingerprint })).toMatchObject({ matched: 3, deleted: 3 });
    expect(await cli('dead groups --queue nowhere')).toMatchObject({ code: 0, out: 'no dead job\n' });
  });

  it('refuse what is no fingerprint', async () => {
    const { app, get } = await startBoth({ providers: [Handlers] });
    await expect(get(DeadLetterService).groups({ group: 'ECONNREFUSED' })).rejects.toThrow(
      'expected filter.group to be the fingerprint of a group: 8 hexadecimal digits',
    );
    expect(await commandsOf(app).cli('dead retry --group xyz')).toMatchObject({
      code: 2,
      err: expect.stringContaining('8 hexadecimal digits') as string,
    });
  });
});
