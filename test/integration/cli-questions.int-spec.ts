import { defineJob, QueuesService } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { commandLine, onTerminal } from '../support/command-line.js';
import { sharedRedisUrl } from '../support/redis.js';

const Render = defineJob<{ page: number }>('pdf.render', { queue: 'pdf' });
const QUESTION =
  'pause the queue pdf for all workers? 1 waiting and 0 delayed jobs would stay, 0 running go on. [y/N] ';

/** A queue with a job, and a person who was asked whether to pause it. */
async function asked(flags = '') {
  const app = uniqueApp();
  const { queue, get } = await startProducer({ app });
  await queue.enqueue(Render, { page: 1 });
  const queues = get(QueuesService);
  const paused = async () => (await queues.list())[0]!.paused;
  const terminal = onTerminal(app, sharedRedisUrl(), `pause pdf${flags}`);
  return { ...terminal, app, paused };
}

it.each(['y', 'Y', 'yes', ' YES '])('does what it asked about after "%s"', async (answer) => {
  const { asked: wait, ended, type, paused } = await asked();
  await wait(QUESTION);
  expect(await paused()).toBe(false);
  type(`${answer}\r`);
  expect(await ended).toMatchObject({ code: 0, out: 'paused pdf\n' });
  expect(await paused()).toBe(true);
});

it.each(['', 'n', 'no', 'yess', 'ye', 'oy'])('does nothing after "%s"', async (answer) => {
  const { asked: wait, ended, type, paused } = await asked();
  await wait(QUESTION);
  type(`${answer}\r`);
  const { code, out, err } = await ended;
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/error: nothing was done\n$/);
  expect(await paused()).toBe(false);
});

it.each([
  ['Ctrl-C', '\u0003'],
  ['the end of the input', undefined],
])('does nothing at %s, and ends as a command does that was interrupted', async (_what, key) => {
  const { asked: wait, ended, type, hangUp, paused } = await asked();
  await wait(QUESTION);
  if (key) type(key);
  else hangUp();
  const { code, out, err } = await ended;
  expect({ code, out }).toEqual({ code: 130, out: '' });
  expect(err).toMatch(/error: nothing was done\n$/);
  expect(await paused()).toBe(false);
});

it('asks nobody who said yes, and no machine', async () => {
  const { ended, paused } = await asked(' --yes');
  expect(await ended).toEqual({ code: 0, out: 'paused pdf\n', err: '' });
  expect(await paused()).toBe(true);
  const machine = await asked(' --json');
  const { code, out, err } = await machine.ended;
  expect({ code, out, error: JSON.parse(err) }).toEqual({
    code: 2,
    out: '',
    error: {
      error: {
        message: `${QUESTION.replace(' [y/N] ', '')} Pass --yes: there is no terminal to ask on.`,
      },
    },
  });
  expect(await machine.paused()).toBe(false);
  const file = await commandLine(machine.app, sharedRedisUrl())('pause pdf');
  expect(file).toEqual({
    code: 2,
    out: '',
    err: `error: ${QUESTION.replace(' [y/N] ', '')} Pass --yes: there is no terminal to ask on.\n`,
  });
  expect(await machine.paused()).toBe(false);
});
