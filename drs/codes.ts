import type { Kind } from './errors.js';

/** What a code means to a workflow and to a person. */
export interface CodeEntry {
  readonly kind: Kind;
  /** One sentence without its full stop, small at its beginning. */
  readonly meaning: string;
  /** What to do about it, full sentences. */
  readonly mend: string;
}

type Row = readonly [kind: Kind, meaning: string, mend: string];

const AGAIN = 'Nothing is wrong with the call: it may go through later.';
const SUPPORT = 'If it comes again, ask the support of the cloud with the request id.';
const FIELDS = 'Correct the field that the service names.';
const GRANT = 'Let an administrator grant the DRS permissions in IAM.';
const TOKEN = 'Check user, password and domain, or the key pair, and that they are of this cloud.';
const LOGIN = 'Give the right user and password, or a secret that holds them.';
const RIGHTS = 'Grant the database user the rights that DRS asks for, then test the connection again.';
const NETWORK = 'Open the way between the replication instance and the database: security groups, firewall, routes.';
const OTHER_TASK = 'Use the id of another task.';
const EXCEL = 'Correct the file and send it again.';

/** Table A-4, the codes of the v3 interface, and DRS.10000024 of 6.1.35. */
const V3: Readonly<Record<string, Row>> = {
  'DRS.M00002': ['refused', 'the service found nothing to return', 'Check the request and the status of the task.'],
  'DRS.M00004': ['transient', 'the service is in trouble', AGAIN],
  'DRS.M00007': ['request', 'a parameter of the request is invalid', FIELDS],
  'DRS.M00100': ['credentials', 'IAM does not accept the token', TOKEN],
  'DRS.M00101': ['permission', 'the user has no role', GRANT],
  'DRS.M00102': ['permission', 'the user lacks permissions', GRANT],
  'DRS.M00103': ['permission', 'the account may not do this', GRANT],
  'DRS.M00105': [
    'permission',
    'the user is restricted',
    'Let an administrator lift the restriction: arrears, a freeze, an unverified account.',
  ],
  'DRS.M00200': ['request', 'a parameter is invalid', FIELDS],
  'DRS.M00201': ['request', 'a parameter is empty', FIELDS],
  'DRS.M00202': ['request', 'a parameter has a value that is not allowed', FIELDS],
  'DRS.M00210': ['request', 'the page asked for is invalid', 'Ask for a page that exists.'],
  'DRS.M00211': ['request', 'the page asked for lies past the last one', 'Ask for a page that exists.'],
  'DRS.M00261': [
    'request',
    'the project id is wrong',
    'Set the project id of this region, or none: then it is looked up.',
  ],
  'DRS.M00269': ['request', 'two tags have the same key', 'Give each tag a key of its own.'],
  'DRS.M00270': ['request', 'the key or value of a tag is too long', 'Keys have at most 36 characters, values 43.'],
  'DRS.M00271': ['request', 'there are too many tags', 'A task has at most 20 tags, of which one is ours.'],
  'DRS.M00273': ['request', 'a parameter has characters that are not allowed', FIELDS],
  'DRS.M00277': [
    'duplicateName',
    'a task of this name exists already',
    'Take another name; the task may be of another kind or user, so that you cannot see it.',
  ],
  'DRS.M00289': [
    'request',
    'there is no result for this query',
    'Check the ids in the request, and that what it asks about was started.',
  ],
  'DRS.M00298': ['notFound', 'there is no such task', 'Check the task id, the region and the project.'],
  'DRS.M00299': ['request', 'only one task id is allowed here', 'Ask for one task at a time.'],
  'DRS.M00300': ['request', 'the request is invalid', FIELDS],
  'DRS.M00301': ['request', 'the request names a task twice', 'Name each task once.'],
  'DRS.M00302': [
    'request',
    'this kind of transfer is not supported',
    'Choose engine, direction and kind of task as the service supports them.',
  ],
  'DRS.M00303': [
    'stale',
    'the parameters are not in the service’s cache any more',
    'Ask for the comparison of parameters again, with refresh "1".',
  ],
  'DRS.M00304': [
    'wrongState',
    'the status of the task does not allow this call',
    'Look at the task’s status: it may just have changed.',
  ],
  'DRS.M00305': ['request', 'a parameter is wrong', FIELDS],
  'DRS.M00306': ['request', 'a window ends when it begins', 'Give begin and end different times.'],
  'DRS.M00307': ['wrongId', 'only a subtask may be asked for this', 'Use the id of the subtask, not of its parent.'],
  'DRS.M00308': ['wrongId', 'only a parent task may be asked for this', 'Use the id of the parent, not of a subtask.'],
  'DRS.M00401': [
    'request',
    'the objects of such a task cannot be edited after its start',
    'Create another task for the further objects.',
  ],
  'DRS.M00402': [
    'wrongState',
    'a subtask of an earlier edit still exists',
    'Wait until the subtask has ended, then edit again.',
  ],
  'DRS.M00403': ['request', 'this task cannot limit its speed', 'Leave the speed windows out.'],
  'DRS.M00414': ['request', 'the advance interval of the replication slot is out of range', 'Set 1 to 999.'],
  'DRS.M01501': ['transient', 'the service is in trouble', AGAIN],
  'DRS.M01504': ['transient', 'another operation is being performed', AGAIN],
  'DRS.M05003': [
    'notFound',
    'there is no information about this task',
    'Check the task id, the region and the project.',
  ],
  'DRS.M05004': [
    'wrongState',
    'the task was deleted or its resources were released',
    'It cannot be used any more: create another one.',
  ],
  'DRS.M05006': ['request', 'the database instance is not usable', 'Check inst_id and its region.'],
  'DRS.M05066': [
    'refused',
    'the replication instance could not be created',
    'Delete the task and create it again, perhaps in another zone. ' + SUPPORT,
  ],
  'DRS.M06007': ['request', 'the database instance is not named', 'Set inst_id.'],
  'DRS.M06011': [
    'request',
    'the service finds no information about the database instance',
    'Check inst_id and its region, and that the instance runs.',
  ],
  'DRS.M06020': ['wrongState', 'a migration task holds the target instance', 'End that task, or take another target.'],
  'DRS.M06021': [
    'wrongState',
    'a synchronisation task holds the target instance',
    'End that task, or take another target.',
  ],
  'DRS.M07000': [
    'request',
    'there is such a row filter already',
    'Look into the task’s data_transformation: it may be done already; else change the filter.',
  ],
  'DRS.10000024': ['transient', 'the task is busy with another operation', AGAIN],
};

/** Table A-4, what the replication instance says about a database. All come with HTTP 200. */
const CONNECTION: Readonly<Record<string, Row>> = {
  'DRS.KE0001': ['connection', 'the database cannot be reached over the network', NETWORK],
  'DRS.KE0002': ['connection', 'user or password is wrong', LOGIN],
  'DRS.KE0003': [
    'connection',
    'the port of the database cannot be reached',
    'Check db_port, and open it for the replication instance.',
  ],
  'DRS.KE0004': [
    'connection',
    'the connection fails',
    'Check security group, firewall and SSL settings of the database.',
  ],
  'DRS.KE0005': [
    'connection',
    'the user may not connect from outside',
    "Create a user for this ('user'@'%' in MySQL), and drop it after the transfer.",
  ],
  'DRS.KE0006': [
    'connection',
    'pg_hba.conf does not let the user in',
    'Add a host line for user and replication instance to pg_hba.conf, then reload; remove it after the transfer.',
  ],
  'DRS.KE0007': ['connection', 'the user may not log in', 'Run ALTER ROLE … LOGIN for it.'],
  'DRS.KE0008': ['connection', 'the database does not exist', 'Name an existing database, or create it.'],
  'DRS.KE0009': [
    'connection',
    'the CA certificate for SSL is missing',
    'Set ssl_cert_key, ssl_cert_name and ssl_cert_check_sum. ' + SUPPORT,
  ],
  'DRS.KE0010': [
    'connection',
    'SSL is off, or the certificate is invalid',
    'Turn SSL on in the database, or give a valid CA certificate.',
  ],
  'DRS.KE0011': [
    'connection',
    'the SQL Server source has no replication component',
    'Install the component on the source.',
  ],
  'DRS.KE0012': ['connection', 'the user may not access the database', RIGHTS],
  'DRS.KE0013': ['connection', 'the user lacks rights', RIGHTS],
  'DRS.KE0014': ['transient', 'the connection test broke down inside the service', AGAIN],
  'DRS.KE0015': ['transient', 'the network between replication instance and database is disturbed', AGAIN],
  'DRS.KE0016': [
    'connection',
    'PostgreSQL does not listen at this address or port',
    'Set listen_addresses and port in postgresql.conf, then restart the database.',
  ],
  'DRS.KE0017': ['connection', 'the address does not answer a ping', NETWORK],
  'DRS.KE0018': [
    'connection',
    'the host name cannot be resolved',
    'Use an IP address, or a name that the replication instance can resolve.',
  ],
  'DRS.KE0019': [
    'connection',
    'subnets of source, target and replication instance overlap',
    'Choose VPCs or subnets whose ranges don’t overlap.',
  ],
  'DRS.KE0020': ['connection', 'the name of the replica set is wrong', 'Check the name of the replica set.'],
  'DRS.KE0021': [
    'connection',
    'the source cannot reach the port of the replication instance',
    'Open that port in the firewalls and security groups on both sides.',
  ],
  'DRS.KE0022': ['connection', 'the SSL certificate is wrong', 'Give the right certificate.'],
  'DRS.KE0023': [
    'connection',
    'the source does not let in the public address of the replication instance',
    'Add its EIP to the whitelist of the source.',
  ],
  'DRS.KE0030': ['connection', 'the service name of the database is wrong', 'Correct the service name.'],
  'DRS.KE0031': ['connection', 'a query failed', RIGHTS],
  'DRS.KE0032': ['connection', 'the Oracle certificate is wrong', 'Give the right Oracle certificate.'],
  'DRS.KE0033': ['connection', 'user, password or authentication database of the source is wrong', LOGIN],
  'DRS.KE0034': ['connection', 'user, password or authentication database of the target is wrong', LOGIN],
  'DRS.KE0035': ['connection', 'the middleware is no MySQL sharding middleware', 'Check the address. ' + SUPPORT],
  'DRS.KE0036': [
    'connection',
    'a user with caching_sha2_password needs SSL',
    'Turn SSL on, or take a user with another password plugin.',
  ],
  'DRS.KE0037': ['connection', 'user or password is wrong', LOGIN],
  'DRS.KE0038': ['connection', 'the account is locked', 'Unlock the account in the database.'],
  'DRS.KE0039': [
    'connection',
    'the address of the replication instance is not whitelisted',
    'Run ALTER SYSTEM ADD HBA ENTRY (hostssl user subnet) with a privileged account.',
  ],
  'DRS.KE0040': [
    'connection',
    'a Kafka broker is not available',
    'Check that all brokers run and their advertised addresses can be reached.',
  ],
  'DRS.KE0041': ['connection', 'Kafka is not available', 'Check that Kafka runs and can be reached.'],
  'DRS.KE0042': ['connection', 'the Kafka topic does not exist', 'Create the topic, or name another.'],
  'DRS.KE0043': ['connection', 'the user may not create sessions', RIGHTS],
  'DRS.KE0044': [
    'connection',
    'the connection’s parameters have characters outside ASCII',
    'Use a user, password and names in ASCII.',
  ],
  'DRS.KE0045': ['connection', 'the account is locked', 'Unlock the account in the database.'],
  'DRS.KE0046': [
    'connection',
    'the database does not listen at this address',
    'Check ip, and the listener of the database.',
  ],
  'DRS.KE0047': ['connection', 'there is no queue of this name', 'Correct the name of the queue.'],
  'DRS.KE0048': ['connection', 'the database cannot be connected to', NETWORK],
  'DRS.KE0049': ['connection', 'the user lacks rights', RIGHTS],
  'DRS.KE0050': ['connection', 'the pluggable database is not open', 'Open it: ALTER PLUGGABLE DATABASE … OPEN.'],
  'DRS.KE0051': ['connection', 'there is no such pluggable database', 'Correct its name.'],
  'DRS.KE0052': ['connection', 'Oracle before 12c has no pluggable databases', 'Connect without one.'],
  'DRS.KE0053': ['connection', 'the Oracle user lacks rights', RIGHTS],
  'DRS.KE0054': [
    'connection',
    'the logical replication agent cannot be reached',
    'Check that the agent runs, and its address and port.',
  ],
  'DRS.KE0055': ['connection', 'the password has expired', 'Set a new password in the database and give it here.'],
  'DRS.KE0056': [
    'connection',
    'this instance must be connected at a single address',
    'Give the address of one stable node.',
  ],
  'DRS.KE0057': ['connection', 'user or password of Kafka is wrong', LOGIN],
  'DRS.KE0058': [
    'connection',
    'the Kafka certificate or its password is wrong',
    'Give the right certificate and password.',
  ],
  'DRS.KE0059': [
    'connection',
    'another database engine answers than the task expects',
    'Check address, port and engine type.',
  ],
  'DRS.KE0060': [
    'connection',
    'the connection works; the Oracle database is a RAC cluster',
    'Better use its SCAN address.',
  ],
  'DRS.KE0061': [
    'connection',
    'a node is ill, no primary is known, pg_hba.conf refuses, or the network is disturbed',
    'Check the nodes, name the primary, look into pg_hba.conf and the network.',
  ],
  'DRS.KE0062': ['connection', 'the space for archived logs is full', 'Make room for archived logs.'],
  'DRS.KE0063': ['connection', 'the user sees no table', 'Grant SELECT on the tables, or check that there are any.'],
  'DRS.KE0064': [
    'connection',
    'the password of the Oracle account has expired',
    'Set a new password, so that the account is OPEN again.',
  ],
  'DRS.KE0065': ['connection', 'DB2 refuses access', 'Check database name and port, that DB2 runs, and the firewall.'],
  'DRS.KE0066': [
    'connection',
    'the task has another number of shards than GaussDB',
    'Create the task with as many shards as GaussDB has.',
  ],
  'DRS.KE0067': [
    'connection',
    'the default database of the user cannot be opened',
    'Give the user a default database that it can open.',
  ],
  'DRS.KE0068': ['connection', 'the GTID has a wrong form', 'Correct the GTID.'],
  'DRS.KE0069': [
    'connection',
    'the point in the log lies outside the task’s range',
    'Choose a point between the task’s start and now.',
  ],
  'DRS.KE0070': [
    'connection',
    'the connection fails',
    'Check security group, firewall, SSL settings and pg_hba.conf of the database.',
  ],
};

/** Table A-5, the codes of the v5 interface, which v3 calls return, too. */
const V5: Readonly<Record<string, Row>> = {
  'DRS.10000001': ['refused', 'the service failed at the request', SUPPORT],
  'DRS.10000010': ['notFound', 'there is no such task', 'Check the task id, the region and the project.'],
  'DRS.10000011': ['connection', 'the database is in trouble', 'Look at the database. ' + SUPPORT],
  'DRS.10000012': ['request', 'a window ends when it begins', 'Give begin and end different times.'],
  'DRS.10010000': ['request', 'a window ends when it begins', 'Give begin and end different times.'],
  'DRS.10010002': ['transient', 'the parameters of the task are still being checked', AGAIN],
  'DRS.10010004': ['refused', 'the task could not be submitted', SUPPORT],
  'DRS.10010006': ['refused', 'the task could not be created', SUPPORT],
  'DRS.10010007': ['connection', 'the connection test failed', NETWORK],
  'DRS.10010009': ['request', 'the policies could not be set', FIELDS],
  'DRS.10010010': ['request', 'the row filters could not be set', FIELDS],
  'DRS.10010011': ['request', 'the users to migrate could not be set', FIELDS],
  'DRS.10010012': ['refused', 'the pre-check failed', 'Look at its items, mend them and check again.'],
  'DRS.10010013': [
    'refused',
    'the parameters were changed; the database needs a restart',
    'Restart the target database at a good time: no call does it.',
  ],
  'DRS.10010014': ['refused', 'the task could not be started', 'Read what the service says, mend it and start again.'],
  'DRS.10010016': [
    'request',
    'this tag belongs to the enterprise project and cannot be set by hand',
    'Leave the tag out.',
  ],
  'DRS.10010024': ['request', 'the parameters did not pass their check', FIELDS],
  'DRS.10010025': ['request', 'this call does not support the engine type', 'Choose another engine type.'],
  'DRS.10010026': ['refused', 'the task could not be reset', SUPPORT],
  'DRS.10010027': ['refused', 'the task could not be retried', SUPPORT],
  'DRS.10010028': ['refused', 'the task could not be paused', SUPPORT],
  'DRS.10010029': ['refused', 'the task could not be stopped', SUPPORT],
  'DRS.10010030': ['refused', 'the task could not be deleted', SUPPORT],
  'DRS.10010031': ['connection', 'the connection test took too long', NETWORK],
  'DRS.10010032': ['refused', 'the comparison could not be created', 'Check the objects to compare. ' + SUPPORT],
  'DRS.10010033': ['refused', 'the progress could not be read', SUPPORT],
  'DRS.10020000': ['request', 'a parameter is wrong', FIELDS],
  'DRS.10020001': ['request', 'a parameter is missing', FIELDS],
  'DRS.10020002': ['request', 'a parameter has a value that is not allowed', FIELDS],
  'DRS.10020072': [
    'request',
    'the project id is wrong',
    'Set the project id of this region, or none: then it is looked up.',
  ],
  'DRS.10020077': [
    'duplicateName',
    'a task of this name exists already',
    'Take another name; the task may be of another kind or user, so that you cannot see it.',
  ],
  'DRS.10020111': ['request', 'a value is too long', FIELDS],
  'DRS.10030000': ['request', 'the Excel file is empty', EXCEL],
  'DRS.10030001': ['request', 'the Excel file is too large', EXCEL],
  'DRS.10030002': ['request', 'the Excel file has more than one sheet', EXCEL],
  'DRS.10030003': ['request', 'the name of an object is invalid', FIELDS],
  'DRS.10030004': ['request', 'the file is of no kind that can be imported', 'Use .zip, .json, .txt, .xlsx or .xls.'],
  'DRS.10030005': ['refused', 'the Excel file could not be exported', SUPPORT],
  'DRS.10030006': ['request', 'the name of the file has a wrong form', 'Rename the file as the service says.'],
  'DRS.10030007': ['request', 'the file is no Excel file', 'Use .xlsx or .xls.'],
  'DRS.10030008': ['refused', 'the file could not be downloaded', 'Export it again. ' + SUPPORT],
  'DRS.10030009': ['refused', 'the data could not be exported', 'Read what the service says, and export again.'],
  'DRS.10030010': ['request', 'the file names no database', EXCEL],
  'DRS.10030011': ['request', 'more than 5,000 databases are chosen', 'Choose fewer, in several tasks.'],
  'DRS.10030012': ['refused', 'the Excel file could not be imported', EXCEL],
  'DRS.10060015': ['transient', 'the task waits for its run', AGAIN],
  'DRS.10130014': [
    'quota',
    'there are more tasks than the system can hold',
    'Delete tasks that have ended, or let the support enlarge the quota.',
  ],
};

const table = (rows: Readonly<Record<string, Row>>): [string, CodeEntry][] =>
  Object.entries(rows).map(([code, [kind, meaning, mend]]) => [code, { kind, meaning, mend }]);

/** Codes of DRS: 157 of A.3, and DRS.10000024 of 6.1.35. */
export const CODES: Readonly<Record<string, CodeEntry>> = Object.fromEntries([V3, CONNECTION, V5].flatMap(table));

const ENDPOINT = 'Check the endpoint and the region, and whether DRS is offered there.';

/** Codes of the API gateway, which come as `APIGW.0308` or `APIG.0308`. 0201 tells its kind by the HTTP status only. */
export const GATEWAY_CODES: Readonly<Record<string, CodeEntry>> = Object.fromEntries(
  table({
    '0101': ['refused', 'the gateway knows no such call', ENDPOINT],
    '0103': ['refused', 'the gateway finds nothing behind this call', ENDPOINT],
    '0104': ['refused', 'the gateway lacks settings for this call', ENDPOINT],
    '0105': ['refused', 'the gateway lacks settings for this call', ENDPOINT],
    '0106': ['request', 'the gateway cannot read the request', 'Check the address and the parameters in it.'],
    '0202': ['transient', 'the service behind the gateway is not available', AGAIN],
    '0203': ['transient', 'the service behind the gateway did not answer in time', AGAIN],
    '0204': ['request', 'the gateway does not speak this version of TLS', 'Use TLS 1.2 or newer.'],
    '0301': [
      'credentials',
      'the gateway does not accept the signature or the token',
      `${TOKEN} With a key pair, this host’s clock may be off by more than 15 minutes, too.`,
    ],
    '0302': ['permission', 'the user may not use this call', GRANT],
    '0303': ['credentials', 'the gateway does not accept the signature', TOKEN],
    '0304': ['permission', 'this application may not use the call', GRANT],
    '0305': ['credentials', 'the gateway does not accept the credentials', TOKEN],
    '0306': ['permission', 'the gateway refuses access', GRANT],
    '0307': ['credentials', 'the token has to be renewed', TOKEN],
    '0308': ['transient', 'there were too many requests', AGAIN],
    '0309': ['permission', 'the project is not available', 'Check that the project is neither frozen nor deleted.'],
    '0310': [
      'permission',
      'the project is not available for this',
      'Check that the project is neither frozen nor deleted.',
    ],
    '0311': ['credentials', 'the gateway could not check the credentials', TOKEN],
    '0401': ['permission', 'the gateway does not know the address of this host', 'Let this host’s address through.'],
    '0402': ['permission', 'the address of this host is not allowed', 'Let this host’s address through.'],
    '0404': ['permission', 'the gateway may not reach the service', SUPPORT],
    '0501': ['quota', 'the quota of calls is used up', 'Wait until it is renewed, or enlarge it.'],
    '0502': ['permission', 'this application is frozen', 'Let an administrator thaw it.'],
    '0601': ['transient', 'the gateway is in trouble', AGAIN],
    '0602': ['request', 'the gateway cannot read the request', 'Check the address and the parameters in it.'],
    '0605': ['transient', 'the gateway cannot resolve the name of the service', AGAIN],
    '0606': ['transient', 'the gateway cannot load its settings', AGAIN],
    '0608': ['transient', 'the gateway got no token of its own', AGAIN],
    '0609': ['refused', 'there is nothing behind this call', ENDPOINT],
    '0610': ['transient', 'no server stands behind the gateway', AGAIN],
    '0611': ['transient', 'the port of the service cannot be reached', AGAIN],
    '0613': ['transient', 'the gateway cannot reach IAM', AGAIN],
  }),
);

/** Codes that come with something that was done: their calls succeeded, and a person should read the remark. */
export const DONE_WITH_REMARK: readonly string[] = ['DRS.KE0060', 'DRS.10010013'];

/** Transient because of this one task, not of the service: the next task may well be free. */
export const BUSY: readonly string[] = [
  'DRS.M01504',
  'DRS.10000024',
  'DRS.10010002',
  'DRS.10060015',
  'DRS.KE0014',
  'DRS.KE0015',
];

/** The entry of a code, whatever its case; undefined for one that neither the reference nor the gateway lists. */
export function explain(code: string): CodeEntry | undefined {
  const gateway = /^APIGW?\.(\d+)$/i.exec(code)?.[1];
  return gateway ? GATEWAY_CODES[gateway] : CODES[code.toUpperCase()];
}

/** The kind of a failure. The code decides before the HTTP status; an unknown one by its prefix and the status. */
export function classify({
  code,
  status,
}: {
  readonly code?: string | undefined;
  readonly status?: number | undefined;
}): Kind {
  const known = code === undefined ? undefined : explain(code);
  if (known) return known.kind;
  if (code !== undefined && /^DRS\.KE/i.test(code)) return 'connection';
  return byStatus(status);
}

function byStatus(status = 0): Kind {
  switch (status) {
    case 400:
    case 413:
    case 414:
    case 415:
    case 422:
      return 'request';
    case 401:
      return 'credentials';
    case 403:
      return 'permission';
    case 408:
    case 429:
      return 'transient';
    case 409:
      return 'wrongState';
    case 501:
      return 'refused';
    default:
      return status >= 500 ? 'transient' : 'refused';
  }
}

/** What to do where no code tells more. */
export const MENDS: Readonly<Record<Kind, string>> = {
  transient: AGAIN,
  ambiguous: 'Look at the task: it may have been done. It is not sent again by itself.',
  credentials: TOKEN,
  permission: GRANT,
  quota: 'Free some of the quota, or enlarge it.',
  request: FIELDS,
  wrongState: 'Look at the task’s status.',
  wrongId: OTHER_TASK,
  stale: 'Ask for the comparison of parameters again, with refresh "1".',
  duplicateName: 'Take another name.',
  notFound: 'Check the task id, the region and the project.',
  connection: NETWORK,
  refused: 'Read what the service says. ' + SUPPORT,
};
