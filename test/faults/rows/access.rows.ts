import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';
import { enqueued, expectRefused, finished, heals, within } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, SLACK } from '../harness/row.js';

const SECRET = 'secret-0123456789';
const WRONG = 'wrong-9876543210';
/** The test looks in by this one; the app may not. */
const ADMIN = 'user default on nopass ~* &* +@all';
const APP_USER = `user app on >${SECRET} ~* &* +@all`;

const urlFor = (port: number, password: string) => `redis://app:${password}@127.0.0.1:${port}`;

/** What a process is allowed to do, and with which password. */
export const accessRows: FaultRow[] = [
  {
    id: 19,
    name: 'a host name that does not resolve',
    requirement: 'refuses in 50 ms after the first failure; names the host, never the password',
    quick: true,
    async run(stage) {
      const producer = await stage.producer(`redis://app:${SECRET}@nope.invalid:6379`);
      await producer.enqueue();
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_UNAVAILABLE', 50);
      expect(refused.message).toContain('nope.invalid');
      await producer.process.waitForOutput(/nope\.invalid/);
      expect(producer.process.output + refused.message).not.toContain(SECRET);
      return { longestMs: refused.ms };
    },
  },
  {
    id: 20,
    name: 'wrong password',
    requirement: 'not ready; one sentence in 5 s that names the cure; the password nowhere',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ acl: [ADMIN, APP_USER] });
      const producer = await stage.producer(urlFor(redis.port, WRONG));
      const worker = await stage.worker(urlFor(redis.port, WRONG));
      await worker.live();
      await worker.process.waitForOutput(/refuses the user or the password: check SCALR_REDIS_URL/, 7_500);
      await producer.enqueue();
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_UNAVAILABLE', 50);
      expect(await worker.status()).toBe(503);
      expect(await producer.ready()).toBe(false);
      await pause(3_000);
      expect(worker.process.output.match(/refuses the user/g)).toHaveLength(1);
      expect(worker.process.output + producer.process.output + refused.message).not.toMatch(
        new RegExp(`${WRONG}|${SECRET}`),
      );
      return { longestMs: refused.ms };
    },
  },
  {
    id: 21,
    name: 'password rotated while everything runs',
    requirement: 'not ready in 5 s; heals with the new secret without a restart',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ acl: [ADMIN, APP_USER] });
      const passwordFile = join(stage.dir, 'password');
      await writeFile(passwordFile, SECRET);
      const url = `redis://app@127.0.0.1:${redis.port}`;
      const producer = await stage.producer(url, { passwordFile });
      const worker = await stage.worker(url, { passwordFile }).then((booting) => booting.ready());
      await finished(stage, await enqueued(producer));
      await redis.cli('acl', 'setuser', 'app', 'resetpass', `>${WRONG}`);
      await redis.cli('client', 'kill', 'type', 'normal');
      await within(5_000, async () => {
        expect(await worker.status()).toBe(503);
        expect(await producer.ready()).toBe(false);
      });
      const rotatedAt = Date.now();
      await writeFile(passwordFile, WRONG);
      const resumeMs = await heals(producer, 5_000);
      await eventually(() => stage.ledger.firstFinishAfter(rotatedAt));
      await worker.ready();
      expect(worker.process.output + producer.process.output).not.toMatch(new RegExp(`${WRONG}|${SECRET}`));
      return { resumeMs };
    },
  },
  {
    id: 22,
    name: 'a Redis user without one command (ZRANGE)',
    requirement: 'the boot names the command and the cure; no job is touched; starts once it is granted',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ acl: [ADMIN, `${APP_USER} -zrange`] });
      const admin = await stage.producer(redis.url);
      const id = await enqueued(admin);
      const worker = await stage.worker(urlFor(redis.port, SECRET)).then((booting) => booting.live());
      await worker.process.waitForOutput(/may not use zrange.*Grant it: ACL SETUSER <user> \S+ \+zrange/);
      expect(await worker.status()).toBe(503);
      expect((await admin.get(id)).state).toBe('waiting');
      await redis.cli('acl', 'setuser', 'app', '+zrange');
      const grantedAt = Date.now();
      await finished(stage, id);
      return { resumeMs: Date.now() - grantedAt };
    },
  },
  {
    id: 23,
    name: "a Redis user of another app's prefix",
    requirement:
      'refused in 1.1 s, nothing is written; the log names the keys to grant; heals once they are granted',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ acl: [ADMIN, `user app on >${SECRET} ~scalr:{other}:* +@all`] });
      const producer = await stage.producer(urlFor(redis.port, SECRET));
      await producer.process.waitForOutput(/Grant it: ACL SETUSER <user> ~scalr:/);
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_UNAVAILABLE', 1_100);
      expect(refused.message).toContain('may not touch keys of this app');
      expect(refused.message + producer.process.output).not.toContain(SECRET);
      expect(await redis.cli('keys', '*')).toBe('');
      await redis.cli('acl', 'setuser', 'app', `~scalr:{${stage.app}}:*`);
      const resumeMs = await heals(producer, 5_000);
      return { longestMs: refused.ms, resumeMs };
    },
  },
  {
    id: 24,
    name: 'INFO forbidden at boot, granted later',
    requirement:
      'the boot names the command and the cure, not ready; heals in 5 s of the grant without a restart',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ acl: [ADMIN, `${APP_USER} -info`] });
      const producer = await stage.producer(urlFor(redis.port, SECRET));
      const worker = await stage.worker(urlFor(redis.port, SECRET)).then((booting) => booting.live());
      await worker.process.waitForOutput(/may not use info.*Grant it: ACL SETUSER <user> .*\+info/i);
      expect(await worker.status()).toBe(503);
      await redis.cli('acl', 'setuser', 'app', '+info');
      const grantedAt = Date.now();
      await heals(producer, 5_000);
      await finished(stage, await enqueued(producer));
      await worker.ready(5_000 * SLACK);
      return { resumeMs: Date.now() - grantedAt };
    },
  },
];
