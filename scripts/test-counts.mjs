/**
 * Counts a JSON report of vitest. A file that could not even be loaded has no tests and counts as one that failed;
 * so does a run that failed for no test's sake (an unhandled error, a crash): never a failure with "0 failed".
 */
export function countTests(report, exitCode) {
  const problems = [];
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;

  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  for (const { name, message } of broken) problems.push(`${name}: ${message || 'failed outside its tests'}`);

  const counts = {
    passed: count('passed'),
    failed: count('failed') + broken.length,
    skipped: count('skipped', 'pending', 'todo', 'disabled'),
  };
  if (exitCode !== 0 && counts.failed === 0) {
    problems.push(`vitest ended with exit code ${exitCode} though no test failed: see its output above`);
    counts.failed = 1;
  }
  if (counts.passed + counts.failed === 0) problems.push('no test ran');
  return { ...counts, problems };
}

/** `N passed, N failed`, and `, N skipped` where some were. */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}
