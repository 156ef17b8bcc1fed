import { defineJob, threadHandler } from 'scalr-queue/thread';

export default threadHandler(defineJob('other'), () => 'other');
