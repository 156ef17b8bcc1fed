import { Controller, Get } from '@nestjs/common';
import { runWorker } from 'scalr-queue/worker';
import { decorate, HeldProcessor, queue } from './held.mjs';

class HelloController {
  hello() {
    return { hello: 'world' };
  }
}
decorate(HelloController, 'hello', Get());
Controller('hello')(HelloController);

class WorkerModule {}

await runWorker({
  module: WorkerModule,
  imports: [queue],
  controllers: [HelloController],
  providers: [HeldProcessor],
});
