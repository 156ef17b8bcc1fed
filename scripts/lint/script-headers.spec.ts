import { join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { badHeaders, headerComplaints, scriptsIn } from './script-headers.mjs';

it('every script of the engine has a header that says what it is given and returns', () => {
  expect(badHeaders(join(root, 'libs/scalr-queue/src/engine/redis/scripts'))).toEqual([]);
});

const WHOLE =
  'Counts.\n\nKEYS[1] a set\nKEYS[2] a list\nARGV[1] the clock\nARGV[2...] names\nReturns the count';
const LUA = `
local set, list = unpack(KEYS)
local now = ARGV[1]
for at = 2, #ARGV do redis.call('ZADD', set, now, ARGV[at]) end
return redis.call('LLEN', list)
`;

it.each([
  [WHOLE, LUA, []],
  [WHOLE.replace('KEYS[2] a list\n', ''), LUA, ['does not say what KEYS[2] is']],
  [WHOLE.replace('ARGV[1] the clock\n', ''), LUA, ['does not say what ARGV[1] is']],
  [WHOLE.replace('ARGV[2...]', 'ARGV[3...]'), LUA, ['does not say what ARGV[2...] are']],
  [WHOLE.replace('KEYS[2]', 'KEYS[2] b\nKEYS[3]'), LUA, ['says what KEYS[3] is, which is not read']],
  [WHOLE.replace('Returns', 'Gives'), LUA, ['does not say what it returns']],
  [
    '',
    'return redis.call("GET", KEYS[1])',
    ['does not say what KEYS[1] is', 'does not say what it returns', 'does not say what it does'],
  ],
])('finds what a header lacks: %#', (header, lua, complaints) => {
  expect(headerComplaints(header, lua)).toEqual(complaints);
});

it('finds the scripts of a file, and leaves out what is only a part of others', () => {
  const file = `
    const PART = \`local one = unpack(KEYS)\`;
    /** Reads. */
    export const READ = \`\${PART} return redis.call('GET', one)\`;
    /** Writes. */
    const wrap = (lua: string) => \`\${lua} return ARGV[2]\`;
    const OTHER = 'KEYS';
  `;
  expect(scriptsIn(file)).toEqual([
    { name: 'READ', header: 'Reads.', lua: expect.stringContaining('unpack(KEYS)') },
    { name: 'wrap', header: 'Writes.', lua: expect.stringContaining('ARGV[2]') },
  ]);
});
