import type { Judge, Verdict } from './operation.js';

type Result = Parameters<Judge>[0];

/** The message of a result that failed and says nothing more. */
export const NO_REASON = 'the service gave no reason';

/** KE0060 is advice for Oracle RAC: a remark, unless the result itself says that it failed. */
const ADVICE = 'DRS.KE0060';

/** Parameters were changed, the database wants a restart: a remark whatever else the result says. */
const RESTART_NEEDED = 'DRS.10010013';

/** `status: "success"` (most batch calls); `success: true` where a result has no status. */
export const bySuccessStatus: Judge = (result) => {
  const { status, success } = result;
  return judged(result, yes(status ?? success));
};

/** `status: "true"` (6.1.3) or `status: true` (6.1.5). */
export const byTrueStatus: Judge = bySuccessStatus;

/** `success: true` (6.1.10). */
export const bySuccess: Judge = (result) => {
  const { success } = result;
  return judged(result, yes(success));
};

/** `is_success: true` (6.2.1). */
export const byIsSuccess: Judge = (result) => {
  const { is_success } = result;
  return judged(result, yes(is_success));
};

/** `modify_result: "success"` (6.3.3). */
export const byModifyResult: Judge = (result) => {
  const { modify_result } = result;
  return judged(result, yes(modify_result));
};

/** No error code: where `status` is the task's own, or where there is none. (FAILED is a comparison's own, `failed` is not.) */
export const byErrorCode: Judge = (result) => {
  const { status } = result;
  return judged(result, codeOf(result) === undefined && status !== 'failed');
};

/** The task's status was read: an error beside it is the task's own, why it failed (6.1.20, 6.1.21). */
export const byTaskStatus: Judge = (result) => {
  const { status } = result;
  const read = typeof status === 'string' && status !== '' && status !== 'failed';
  return read ? { ok: true } : byErrorCode(result);
};

/** Results within the result, each with a code of its own (6.1.17): one that failed is a failure, which doesn't undo the other. */
export const byEachOf =
  (...fields: readonly string[]): Judge =>
  (result) => {
    const verdicts = [result, ...fields.map((field) => result[field])].filter(isObject).map(byErrorCode);
    return verdicts.find(({ ok }) => !ok) ?? { ok: true };
  };

/** `message: "SUCCESS"` (6.2.2), whose table has `is_success` and whose example doesn't. */
export const byMessage: Judge = (result) => {
  const { message, is_success } = result;
  const said = message == null || message === '' ? true : yes(message);
  return judged(result, codeOf(result) === undefined && said === true && yes(is_success) !== false);
};

function judged(result: Result, success: boolean | undefined): Verdict {
  const code = codeOf(result);
  const message = textOf(result);
  const fine = success === true || code === RESTART_NEEDED || (code === ADVICE && success === undefined);
  if (fine) return code === undefined ? { ok: true } : { ok: true, remark: `${code}: ${message}` };
  return code === undefined ? { ok: false, message } : { ok: false, code, message };
}

const isObject = (value: unknown): value is Result => typeof value === 'object' && value !== null;

function codeOf({ error_code }: Result): string | undefined {
  return typeof error_code === 'string' && error_code !== '' ? error_code : undefined;
}

/** `error_msg` mostly, `error_message` in 6.1.9 and some others, `message` in 6.2. */
function textOf({ error_msg, error_message, message }: Result): string {
  const text = [error_msg, error_message, message].find((one) => typeof one === 'string' && one !== '');
  return typeof text === 'string' ? text : NO_REASON;
}

/** What a word of success says; undefined for anything else. */
function yes(value: unknown): boolean | undefined {
  const word = typeof value === 'string' || typeof value === 'boolean' ? String(value).toLowerCase() : '';
  if (word === 'success' || word === 'true') return true;
  return word === 'failed' || word === 'fail' || word === 'false' ? false : undefined;
}
