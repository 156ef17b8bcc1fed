import { Controller, Get, NotFoundException, Param, StandardSchemaValidationPipe } from '@nestjs/common';
import { type JobInfo, JobsService } from 'scalr-queue';
import { jobId } from './job-id.js';

@Controller('jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Get(':id')
  async get(
    @Param('id', { schema: jobId, pipes: [StandardSchemaValidationPipe] }) id: string,
  ): Promise<JobInfo> {
    const job = await this.jobs.get(id);
    if (!job) throw new NotFoundException(`no job ${id}: it never was, or is not kept any more`);
    return job;
  }
}
