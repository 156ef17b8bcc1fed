// @ts-check
/** `node scripts/prometheus/provide.mjs`: brings promtool and prometheus along, for the tests of `ops/`. */
import { findPrometheus } from './find.mjs';

const tools = await findPrometheus(console.log);
if (!tools) {
  console.error('no promtool: put it on PATH (https://prometheus.io/download/)');
  process.exit(1);
}
console.log(`promtool:   ${tools.promtool}\nprometheus: ${tools.server}`);
