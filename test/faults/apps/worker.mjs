import { behaviours } from './behaviours.mjs';
import { config, note, rootModule } from './contract.mjs';
import { Handler } from './handler.mjs';
import { classicModules, Listeners } from './listeners.mjs';
import { runWorker } from 'scalr-queue/worker';
import { watchVitals } from './vitals.mjs';

class Database {
  onModuleDestroy() {
    note(config.ledger, 'database-closed', '-', process.pid, 0, Date.now());
  }
}

/** Holds the boot up until the file is there. */
const holdUp = {
  provide: 'hold-up',
  useFactory: () => {
    console.log('the boot is held up');
    return behaviours.gate({ file: config.bootGate });
  },
};

const holds = config.bootGate ? [holdUp] : [];
const listeners = config.listeners ? [Listeners] : [];
const root = rootModule(
  [Handler, Database, ...listeners, ...holds],
  config.listeners ? classicModules() : [],
);
await runWorker(root, { port: config.port, ...config.run });
if (config.vitals) watchVitals(config.vitals);
