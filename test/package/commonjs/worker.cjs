/** A worker and nothing else, as an app in CommonJS has it; decorators by hand. */
require('reflect-metadata');
const { Logger } = require('@nestjs/common');
const { ProcessJob, ScalrQueueModule, defineJob } = require('scalr-queue');
const { runWorker } = require('scalr-queue/worker');

class Judge {
  judge({ verdict }) {
    new Logger('Judge').log(`the verdict is ${verdict}`, { password: 'hunter2', court: 'high' });
    if (verdict === 'guilty') throw new Error('guilty');
  }
}
const method = Object.getOwnPropertyDescriptor(Judge.prototype, 'judge');
ProcessJob(defineJob('judge', { retry: false }))(Judge.prototype, 'judge', method);

class WorkerModule {}
const imports = [ScalrQueueModule.forRoot()];
void runWorker({ module: WorkerModule, imports, providers: [Judge] }, { port: 0 });
