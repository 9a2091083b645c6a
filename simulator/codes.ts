/** The error codes that the simulator answers with: HTTP status and text, as A.3 and the gateway have them; `%s` is filled in. */
export const CODES = {
  'DRS.M00100': [403, 'Invalid token.'],
  'DRS.M00105': [400, 'User restricted.'],
  'DRS.M00200': [400, 'Parameter error.'],
  'DRS.M00201': [400, 'The parameter %s is empty.'],
  'DRS.M00202': [400, 'The value of parameter %s is invalid.'],
  'DRS.M00210': [400, 'The value of Page is invalid, %s'],
  'DRS.M00211': [400, 'The value of Page exceeds the upper limit.'],
  'DRS.M00261': [403, 'Invalid project ID.'],
  'DRS.M00269': [400, 'The tag key must be unique.'],
  'DRS.M00270': [400, 'The tag key or value is too long.'],
  'DRS.M00271': [400, 'The number of tags exceeds the limit.'],
  'DRS.M00273': [400, 'Invalid parameter. The parameter contains %s.'],
  'DRS.M00277': [422, 'The task name already exists.'],
  'DRS.M00289': [400, 'Missing query result: %s'],
  'DRS.M00298': [400, 'Job does not exist, please check job id.'],
  'DRS.M00299': [400, 'Only one jobId is allowed.'],
  'DRS.M00300': [400, 'Invalid request, %s'],
  'DRS.M00301': [400, 'There are duplicate %s in request.'],
  'DRS.M00302': [400, 'The transfer schema is invalid, please refer to supported transfer schema.'],
  'DRS.M00303': [400, 'The corresponding parameter is not obtained from the cache.'],
  'DRS.M00304': [400, 'This API cannot be called in the current task status.'],
  'DRS.M00305': [400, 'Parameter error:%s'],
  'DRS.M00306': [400, 'Start time cannot be the same as end time.'],
  'DRS.M00307': [400, 'Only subtasks can invoke this interface.'],
  'DRS.M00308': [400, 'Only parent tasks can invoke this interface.'],
  'DRS.M00401': [400, '%s is not support re-editing of synchronization tasks.'],
  'DRS.M00402': [400, 'The subtask already exists.'],
  'DRS.M00403': [400, 'This task does not support flow control.'],
  'DRS.M00414': [422, 'The value for Logical Copy Slot Advance Interval must be between 1 and 999.'],
  'DRS.M01501': [422, 'Service error.'],
  'DRS.M01504': [
    202,
    'Another operation is being performed on the migration task or the migration task is abnormal. Try again later.',
  ],
  'DRS.M05003': [400, 'Task information not found.'],
  'DRS.M05004': [400, 'The task has been deleted or the resource has been released.'],
  'DRS.M07000': [400, 'Data processing rule already exists.'],
  'DRS.10000010': [400, 'The task does not exist. Check the task ID.'],
  'DRS.10000024': [400, 'Another operation is being performed. Try again later.'],
  'DRS.10130014': [400, 'The number of DRS job has exceeded the system security capacity limit!'],
  'DRS.KE0001': [200, 'Failed to connect to the database network.'],
  'DRS.KE0002': [200, 'The username or password is incorrect.'],
  'DRS.KE0003': [200, 'The port cannot be accessed.'],
  'DRS.KE0004': [
    200,
    'Connection failed.Handling suggestion: Please check the security group/firewall/SSL configuration of the database.',
  ],
  'DRS.KE0010': [
    200,
    'SSL is not enabled or the certificate is invalid. Handling suggestion: Enable SSL or upload a valid SSL CA certificate.',
  ],
  'DRS.KE0059': [200, 'The connected DB engine does not match the DB engine supported by the task.'],
  'APIGW.0101': [404, 'The API does not exist or has not been published in the environment'],
  'APIGW.0201': [413, 'Request entity too large'],
  'APIGW.0301': [401, 'Incorrect IAM authentication information: %s'],
  'APIGW.0308': [429, 'The throttling threshold has been reached: policy user over ratelimit'],
} as const satisfies Record<string, readonly [number, string]>;

export type Code = keyof typeof CODES;

const isKnown = (code: string): code is Code => Object.hasOwn(CODES, code);

/** The text of a code; `about` fills its `%s`. */
export function textOf(code: string, about = ''): string {
  return isKnown(code) ? CODES[code][1].replace('%s', about) : about;
}

/** A request, or one job of it, that is refused. `why` is for the person who rehearses: the reference's texts say little. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly text: string;

  constructor(
    readonly code: string,
    readonly why: string,
    options: { about?: string | undefined; text?: string | undefined; status?: number } = {},
  ) {
    super(`${code}: ${why}`);
    this.text = options.text ?? textOf(code, options.about);
    this.status = options.status ?? (isKnown(code) ? CODES[code][0] : 400);
  }

  readonly status: number;
}
