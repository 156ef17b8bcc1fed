import { Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.js';
import { startApp } from '../support/observed-app.js';
import { parseScrape } from '../support/prometheus-text.js';

const ops = fileURLToPath(new URL('../../ops/', import.meta.url));
const read = (file: string) => readFile(join(ops, file), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

interface RuleTest {
  alert_rule_test: { alertname: string; exp_alerts: unknown[] }[];
}

const rulesOf = async () =>
  (parse(await read('prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    ({ rules }) => rules,
  );
const ruleTests = async () =>
  (parse(await read('prometheus/alerts.test.yml')) as { tests: RuleTest[] }).tests.flatMap(
    (test) => test.alert_rule_test,
  );

/** The lines that the process writes, while a test runs. */
function captureOutput(): string[] {
  const written: string[] = [];
  vi.stubEnv('SCALR_LOG', 'json');
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
  );
  onTestFinished(() => {
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
    Logger.overrideLogger(false);
  });
  return written;
}

const metricsIn = (text: string) => new Set(text.match(/\b(?:scalr_queue|process|nodejs)_[a-z0-9_]+/g));

describe('what ops/ names', () => {
  it('exists: every metric of the alerts and the dashboard, every field of the Loki queries', async () => {
    const written = captureOutput();
    const { scrapes } = await startApp(['log', 'warn', 'error']);
    const files = [
      'prometheus/alerts.yml',
      'prometheus/alerts.test.yml',
      'grafana/scalr-queue.dashboard.json',
    ];
    const named = metricsIn((await Promise.all(files.map(read))).join('\n'));
    expect(named.size).toBeGreaterThan(20);
    // Of these nothing happens in a healthy run: their family is there without a series.
    const rare = ['stalled', 'missing', 'handed_back', 'postponed', 'cancelled'].map(
      (it) => `scalr_queue_jobs_${it}_total`,
    );
    await eventually(async () => {
      const texts = await scrapes();
      const families = texts.flatMap((text) =>
        [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!),
      );
      const there = new Set([
        ...texts.flatMap((text) => parseScrape(text).names),
        ...rare,
        'scalr_queue_schedule_last_missed_timestamp_seconds',
      ]);
      expect([...named].filter((name) => !there.has(name))).toEqual([]);
      expect(families).toEqual(
        expect.arrayContaining([...rare, 'scalr_queue_schedule_last_missed_timestamp_seconds']),
      );
    });

    const lines = written
      .flatMap((text) => text.trim().split('\n'))
      .map((line) => JSON.parse(line) as object);
    const fields = new Set(lines.flatMap((line) => Object.keys(line)));
    const queries = parse(await read('loki/queries.yml')) as { query: string }[];
    const used = queries.flatMap(({ query }) => fieldsOfLogQl(query));
    expect(used.length).toBeGreaterThan(10);
    // The error of a job that a handler discarded has no code; it has one where the error has.
    expect(used.filter((field) => !fields.has(field) && field !== 'errorCode')).toEqual([]);
  });

  it('is complete: each alert says what is wrong and what to do, and has a test that fires it', async () => {
    const tested = await ruleTests();
    for (const { alert, expr, labels, annotations } of await rulesOf()) {
      expect(expr).toBeTruthy();
      expect(labels.severity).toMatch(/^(critical|warning|info)$/);
      expect(annotations.summary.length + annotations.description.length).toBeGreaterThan(60);
      const fires = tested.some(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0);
      expect({ alert, fires }).toEqual({ alert, fires: true });
    }
  });

  it('adds nothing up that every process tells alike', async () => {
    const dashboard = await read('grafana/scalr-queue.dashboard.json');
    const expressions = [...(await rulesOf()).map(({ expr }) => expr), ...dashboard.match(/"expr": ".*"/g)!];
    const state = String.raw`scalr_queue_(?:jobs\{|oldest|paused|queue_workers|workers|unhandled|redis_(?!up)|schedule)`;
    const wrong = expressions.filter((it) => new RegExp(String.raw`(?:sum|avg)[^(]*\(${state}`).test(it));
    expect(wrong).toEqual([]);
  });
});

function fieldsOfLogQl(query: string): string[] {
  const filters = [...query.matchAll(/\|\s*(\w+)\s*(?:=~|!=|=|!~)\s*"/g)];
  const unwrapped = [...query.matchAll(/unwrap (\w+)/g)];
  const printed = [...query.matchAll(/\{\{\.(\w+)\}\}/g)];
  const grouped = [...query.matchAll(/by \(([\w, ]+)\)/g)].flatMap(([, names]) => names!.split(', '));
  return [...[...filters, ...unwrapped, ...printed].map(([, name]) => name!), ...grouped];
}
