import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { PrometheusTools } from '../../scripts/prometheus/find.d.mts';
import { findPresentPrometheus } from '../../scripts/prometheus/find.mjs';
import { supervise } from '../../scripts/process/supervise.mjs';
import { eventually } from '../support/eventually.js';
import { startApp } from '../support/observed-app.js';
import { freePort } from '../support/ports.js';

const run = promisify(execFile);
const ops = fileURLToPath(new URL('../../ops/', import.meta.url));
const prometheus = findPresentPrometheus();

// Installs nothing: `npm test` fetches Prometheus where it can, `node scripts/prometheus/provide.mjs` does alone.
// What can be checked without it is checked in ops.int-spec.ts.
describe.runIf(prometheus)('Prometheus itself (needs promtool)', () => {
  const { promtool, server } = prometheus ?? ({} as PrometheusTools);

  it('takes the alert rules, and they fire when they should', async () => {
    const check = await run(promtool, ['check', 'rules', join(ops, 'prometheus/alerts.yml')]);
    expect(check.stdout).toMatch(/SUCCESS: \d+ rules found/);
    const test = await run(promtool, ['test', 'rules', join(ops, 'prometheus/alerts.test.yml')]);
    expect(test.stdout).toContain('SUCCESS');
    await run(promtool, ['check', 'config', join(ops, 'prometheus/scrape.example.yml')]);
  });

  it('finds nothing to complain about in a scrape of web and worker', async () => {
    const { scrapes } = await startApp();
    for (const text of await scrapes()) {
      const checked = run(promtool, ['check', 'metrics']);
      checked.child.stdin!.end(text);
      const { stdout, stderr } = await checked;
      expect(stdout + stderr).toBe('');
    }
  });

  it('scrapes web and worker, and adds up and compares their series', async () => {
    const { app, urls } = await startApp();
    const dir = await mkdtemp(join(tmpdir(), 'scalr-prometheus-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const targets = urls.map((url) => new URL(url).host);
    const config = {
      scrape_configs: [{ job_name: 'app', scrape_interval: '1s', static_configs: [{ targets }] }],
    };
    await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const child = await supervise({
      command: server,
      args: [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      stdout: 'inherit',
      stderr: 'pipe',
    });
    child.stderr?.resume();
    onTestFinished(async () => void (await child.stop()));
    const query = async (expression: string) => {
      const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return data.result.map(({ value }) => Number(value[1]));
    };
    await eventually(
      async () => {
        expect(await query('up')).toEqual([1, 1]);
        expect(await query(`sum(scalr_queue_jobs_enqueued_total{app="${app}",job_name="act"})`)).toEqual([3]);
        expect(await query(`sum(scalr_queue_jobs_dead_total{app="${app}"})`)).toEqual([1]);
        expect(await query(`scalr_queue_workers{app="${app}"}`)).toEqual([1, 1]);
        expect(await query(`max by (app) (scalr_queue_workers{app="${app}"})`)).toEqual([1]);
      },
      { timeout: 30_000 },
    );
  });
});
