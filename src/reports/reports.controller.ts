import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  NotFoundException,
  Param,
  Post,
  Res,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { EnqueueService, type JobInfo, JobsService, type PayloadOf, type ResultOf } from 'scalr-queue';
import { jobId } from '../jobs/job-id.js';
import { BuildReport } from './report.jobs.js';

type Status = Pick<JobInfo, 'state' | 'progress' | 'reason'>;

const ReportId = () => Param('id', { schema: jobId, pipes: [StandardSchemaValidationPipe] });

@Controller('reports')
export class ReportsController {
  constructor(
    private readonly queue: EnqueueService,
    private readonly jobs: JobsService,
  ) {}

  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  async build(@Body() report: PayloadOf<typeof BuildReport>): Promise<{ jobId: string }> {
    const job = await this.queue.enqueue(BuildReport, report);
    return { jobId: job.id };
  }

  @Get(':id')
  async status(@ReportId() id: string): Promise<Status> {
    return statusOf(await this.find(id));
  }

  /** 200 with the result, 202 while there is none yet, 409 when there will be none. */
  @Get(':id/result')
  async result(
    @ReportId() id: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<ResultOf<typeof BuildReport> | Status> {
    const job = await this.find(id);
    if (job.state === 'completed') return job.result as ResultOf<typeof BuildReport>;
    if (job.state === 'dead') throw new ConflictException(`report ${id} failed (${job.reason})`);
    response.statusCode = HttpStatus.ACCEPTED;
    return statusOf(job);
  }

  /** Jobs of other names count as unknown. */
  private async find(id: string): Promise<JobInfo> {
    const job = await this.jobs.get({ id, name: BuildReport.name });
    if (!job) throw new NotFoundException(`no report ${id}: it never was, or is not kept any more`);
    return job;
  }
}

function statusOf({ state, progress = 0, reason }: JobInfo): Status {
  return { state, progress, reason };
}
