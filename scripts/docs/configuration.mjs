// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../workspace/root.mjs';
import { cell, generated } from './markdown.mjs';

/** @typedef {import('./public-api.mjs').PublicApi} PublicApi */

/** Where each group of options is given, in the order of the page; the others come after them. */
const places = new Map([
  ['ScalrQueueOptions', '`ScalrQueueModule.forRoot`, and what the factory of `forRootAsync` returns'],
  ['RedisConnectionOptions', '`redis` of `forRoot`, where a URL is not enough'],
  ['RedisNode', 'elements of `redis.sentinels` and `redis.cluster`'],
  ['QueueOptions', 'each entry of `queues` of `forRoot`'],
  ['WorkerOptions', '`worker` of `forRoot`'],
  ['RunWorkerOptions', 'the second argument of `runWorker`'],
  [
    'JobSettings',
    'the second argument of `defineJob`; those that `JobDefaults` has also fit into `defaults` of `forRoot`',
  ],
  ['RetryOptions', '`retry`'],
  ['UniqueOptions', '`unique`'],
  ['KeepOptions', '`keep`'],
  ['EnqueueOptions', 'the third argument of `enqueue` and `enqueueMany`'],
  ['ProcessJobOptions', 'the second argument of `@ProcessJob`'],
  ['CronSchedule', '`@Scheduled`, by the clock'],
  ['EverySchedule', '`@Scheduled`, at equal distances'],
]);

/** Inherited by another one, or made of two that are on the page. */
const told = new Set(['JobDefaults', 'ScheduleOptions', 'ScalrQueueOptionsFactory']);

/** The page of all options and variables, from the types and `.env.example`. @param {PublicApi} api */
export function configurationPage(api) {
  const groups = optionGroups(api);
  return generated(
    'Configuration reference',
    `Options given in code win over the environment; an empty variable counts as not set. A \`Duration\` is a number of milliseconds
or a string such as \`'250ms'\`, \`'5m'\`, \`'24h'\`. Wrong options are refused at boot, at definition or at enqueue, with a message that
names the field, the bound and the fix.`,
    [environmentSection(), ...groups.map(({ name, symbol, module }) => section(api, name, symbol, module))],
  );
}

/** Every exported group of options. @param {PublicApi} api */
export function optionGroups(api) {
  const order = [...places.keys()];
  const rank = (/** @type {string} */ name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...api.exports()]
    .map(([name, { symbol, module }]) => ({ name, symbol, module }))
    .filter(({ name, symbol }) => symbol.flags & ts.SymbolFlags.Interface && isGroup(name) && !told.has(name))
    .filter(({ symbol }) => api.fieldsOf(symbol).length > 0)
    .toSorted((one, other) => rank(one.name) - rank(other.name) || one.name.localeCompare(other.name));
}

/** @param {string} name */
function isGroup(name) {
  return places.has(name) || /(Options|Settings)$/.test(name);
}

/** @param {PublicApi} api @param {string} name @param {ts.Symbol} symbol @param {string} module */
function section(api, name, symbol, module) {
  const rows = api
    .fieldsOf(symbol)
    .map(({ name: field, optional, type, text }) =>
      [`\`${field}\`${optional ? '' : ' (required)'}`, `\`${cell(type)}\``, cell(text)].join(' | '),
    );
  const place = places.get(name);
  return `## ${name}

${api.textOf(symbol)} From \`${module}\`${place ? `; given as ${place}` : ''}.

| option | type | meaning |
| --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

/** The blocks of `.env.example`: comment lines, then the variable. */
function environmentSection() {
  const blocks = readFileSync(join(root, '.env.example'), 'utf8').split(/\n\s*\n/);
  const rows = blocks.flatMap((block) => {
    const lines = block.trim().split('\n');
    const name = /^(?:# )?([A-Z][A-Z_]+)=/.exec(lines.pop() ?? '')?.[1];
    if (!name) return [];
    const text = lines
      .map((line) => line.slice(2))
      .join(' ')
      .replaceAll(/([^.:])( Default:)/g, '$1.$2');
    return [`| \`${name}\` | ${cell(text)} |`];
  });
  return `## Environment

Read once, when the process starts. The template reads \`PORT\`, \`SMTP_URL\` and \`WEBHOOK_SECRET\`; the library the others.

| variable | meaning |
| --- | --- |
${rows.join('\n')}
`;
}
