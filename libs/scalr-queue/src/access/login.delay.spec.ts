import { LoginDelay } from './login.delay.js';

/** A delay whose waits pass at once, and what they came to. */
function simulated() {
  let clock = 0;
  const waits: number[] = [];
  const delay = new LoginDelay(
    () => clock,
    async (time) => {
      waits.push(time);
      clock += time;
    },
  );
  const fail = async (address: string, count: number) => {
    for (let number = 0; number < count; number++) {
      if (!(await delay.admit(address, `guess ${number}`)).admitted) return number;
      delay.failed(address);
    }
    return count;
  };
  return { delay, waits, fail, pass: (time: number) => (clock += time) };
}

it('doubles the wait with each failure, and refuses what would wait too long', async () => {
  const { waits, fail, delay, pass } = simulated();
  expect(await fail('192.0.2.1', 20)).toBe(8);
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000]);
  expect(await delay.admit('192.0.2.1', 'right')).toEqual({ admitted: false, retryIn: 8_000 });
  expect(await delay.admit('192.0.2.2', 'right')).toEqual({ admitted: true });
  pass(16 * 60_000);
  expect(await delay.admit('192.0.2.1', 'right')).toEqual({ admitted: true });
});

it('lets those in who were in before', async () => {
  const { delay, fail } = simulated();
  delay.succeeded('192.0.2.1', 'right');
  await fail('192.0.2.1', 20);
  expect(await delay.admit('192.0.2.1', 'right')).toEqual({ admitted: true });
  expect((await delay.admit('192.0.2.1', 'another')).admitted).toBe(false);
});

it('takes the addresses of a subscriber for one', async () => {
  const { delay, fail } = simulated();
  await fail('2001:db8:1:2::1', 20);
  expect((await delay.admit('2001:db8:1:2:ffff::9', 'x')).admitted).toBe(false);
  expect((await delay.admit('2001:db8:1:3::1', 'x')).admitted).toBe(true);
  await fail('::ffff:192.0.2.7', 20);
  expect((await delay.admit('192.0.2.7', 'x')).admitted).toBe(false);
  expect((await delay.admit('::ffff:192.0.2.8', 'x')).admitted).toBe(true);
});

it('lets five requests of an address wait, each for its turn, and refuses the sixth', async () => {
  let clock = 0;
  const ends: (() => void)[] = [];
  const delay = new LoginDelay(
    () => clock,
    () => new Promise<void>((resolve) => ends.push(resolve)),
  );
  for (let number = 0; number < 3; number++) delay.failed('192.0.2.1');
  const admissions = Array.from({ length: 5 }, (_, number) => delay.admit('192.0.2.1', `guess ${number}`));
  expect(await delay.admit('192.0.2.1', 'guess 6')).toEqual({ admitted: false, retryIn: 1_000 });
  expect(ends).toHaveLength(5);
  // The first one fails anew: the others, whose time has come too, wait for longer.
  clock = 250;
  ends[0]!();
  expect(await admissions[0]).toEqual({ admitted: true });
  expect(delay.failed('192.0.2.1')).toBe(4);
  for (const end of ends.slice(1)) end();
  await vi.waitFor(() => expect(ends).toHaveLength(9), { timeout: 10_000 });
  clock = 750;
  for (const end of ends.slice(5)) end();
  expect(await Promise.all(admissions.slice(1))).toEqual(
    Array.from({ length: 4 }, () => ({ admitted: true })),
  );
  // All have had their turn, and others may wait.
  delay.failed('192.0.2.1');
  const later = delay.admit('192.0.2.1', 'guess 7');
  expect(ends).toHaveLength(10);
  clock = 10_000;
  ends[9]!();
  expect(await later).toEqual({ admitted: true });
});

it('says in how long the next try may be made, and never waits for longer than a minute', async () => {
  const { delay, fail, pass } = simulated();
  await fail('192.0.2.1', 20);
  for (let number = 0; number < 20; number++) delay.failed('192.0.2.1');
  expect(await delay.admit('192.0.2.1', 'x')).toEqual({ admitted: false, retryIn: 60_000 });
  pass(54_999);
  expect(await delay.admit('192.0.2.1', 'x')).toEqual({ admitted: false, retryIn: 5_001 });
  pass(1);
  expect(await delay.admit('192.0.2.1', 'x')).toEqual({ admitted: true });
});

it('forgets failures after a quarter of an hour, and who was in before', async () => {
  const { delay, fail, pass } = simulated();
  delay.succeeded('192.0.2.1', 'right');
  await fail('192.0.2.1', 20);
  pass(15 * 60_000 - 1);
  expect(delay.failed('192.0.2.1')).toBe(9);
  pass(15 * 60_000);
  expect(delay.failed('192.0.2.1')).toBe(1);
  await fail('192.0.2.1', 20);
  expect((await delay.admit('192.0.2.1', 'right')).admitted).toBe(false);
});

it('remembers ten thousand addresses, those that were seen last', async () => {
  const { delay } = simulated();
  const address = (number: number) => `10.0.${number >> 8}.${number & 255}`;
  for (let number = 0; number < 10_000; number++) delay.failed(address(number));
  expect(delay.failed(address(0))).toBe(2);
  // The next two push out the two that were seen longest ago, which the first one is no more.
  delay.failed(address(10_000));
  delay.failed(address(10_001));
  expect([0, 3, 1].map((number) => delay.failed(address(number)))).toEqual([3, 2, 1]);
});

it('keeps no process alive while a request waits', async () => {
  const delay = new LoginDelay();
  for (let number = 0; number < 3; number++) delay.failed('192.0.2.1');
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const admitted = delay.admit('192.0.2.1', 'guess');
  expect(timers()).toBe(before);
  expect(await admitted).toEqual({ admitted: true });
});
