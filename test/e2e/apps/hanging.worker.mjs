import { runWorker } from 'scalr-queue/worker';
import { HeldProcessor, queue } from './held.mjs';

/** A database that never answers: the boot hangs here. */
class Database {
  onModuleInit() {
    console.log('connecting to the database');
    return new Promise(() => {});
  }
}

class WorkerModule {}

await runWorker({ module: WorkerModule, imports: [queue], providers: [Database, HeldProcessor] });
