import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';
import { AdopterProject } from './adopter.project.js';

const NEST_11 = {
  '@nestjs/bullmq': '^11.0.5',
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/platform-express': '^11.0.0',
  '@nestjs/terminus': '^11.1.0',
  '@nestjs/testing': '^11.0.0',
};
const OTHERS = {
  'class-transformer': '^0.5.1',
  'class-validator': '^0.14.0',
  'nestjs-cls': '^6.0.0',
};
/** What requests are answered with, and what jobs of the same end with: one that is fine, of a tenant that is refused, wrong, and one that fails. */
const ANSWERS = {
  statuses: [201, 403, 400, 409],
  ends: [
    ['completed', [true, 'acme', 'acme', true], null],
    ['dead', 'discarded', 'refused by TenantGuard'],
    ['dead', 'invalid-payload', expect.stringContaining('amount must be an integer number') as string],
    ['dead', 'attempts', 'sold out'],
  ],
};
const LINES = [
  'guard http acme',
  'guard http acme',
  'guard http acme',
  'guard http evil',
  'guard job acme',
  'guard job acme',
  'guard job evil',
  'guard job other',
  'reported Controller.order Bad Request Exception',
  'reported Controller.order sold out',
  'reported Orders.order Bad Request Exception',
  'reported Orders.order sold out',
];

it.each([
  ['11, in CommonJS', 'commonjs', 'case.cjs', NEST_11],
  ['12, in ES modules', 'module', 'case.mjs', { '@nestjs/testing': '^12.0.0' }],
] as const)(
  'runs the guard, interceptor, pipe and filter of an app around its jobs, unchanged, on Nest %s',
  async (_nest, type, script, nest) => {
    await using project = await AdopterProject.create({ ...nest, ...OTHERS }, type);
    await cp('test/package/enhanced', join(project.dir, 'enhanced'), { recursive: true });
    const env = { SCALR_APP: uniqueApp(), SCALR_REDIS_URL: sharedRedisUrl() };
    const { output, code } = await project.node([`enhanced/${script}`], env);
    expect({ code, output }).toMatchObject({ code: 0 });
    const report = JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
    const { lines, kitLines } = report as Record<string, string[]>;
    expect(report).toMatchObject({ real: ANSWERS, kit: ANSWERS, told: true });
    expect([lines!.toSorted(), kitLines!.toSorted()]).toEqual([LINES, LINES]);
    // Four orders a minute, over all processes.
    expect(report['over']).toEqual([201, 201, 201, 429]);
  },
  300_000,
);
