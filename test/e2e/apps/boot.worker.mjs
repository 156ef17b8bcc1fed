import { setTimeout as pause } from 'node:timers/promises';
import { runWorker } from 'scalr-queue/worker';
import { HeldProcessor, queue } from './held.mjs';

/** A database that takes its time to connect and to disconnect; with BOOT=fails it cannot be reached. */
class Database {
  async onModuleInit() {
    console.log('connecting to the database');
    await pause(800);
    if (process.env['BOOT'] === 'fails') throw new Error('no database');
    console.log('connected');
  }

  async onModuleDestroy() {
    await pause(700);
    console.log('disconnected');
  }

  onApplicationShutdown(signal) {
    console.log(`database closed by ${signal}`);
  }
}

class WorkerModule {}

runWorker({ module: WorkerModule, imports: [queue], providers: [Database, HeldProcessor] }).catch((error) => {
  console.log(`caught: ${error.message}`);
});
