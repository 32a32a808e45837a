export type Answer<T = Record<string, unknown>> = {
  status: number;
  body: {
    status: string;
    message: string;
    data: T;
    code?: string;
    issues?: { path: string; message: string }[];
  };
  headers: Headers;
};

export type CallOptions = {
  token?: string;
  cookie?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

const isJson = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("application/json") === true;

/** One call of the REST API, as a client makes it. */
export async function call<T = Record<string, unknown>>(
  url: string,
  method: string,
  path: string,
  { token, cookie, body, headers = {}, signal }: CallOptions = {},
): Promise<Answer<T>> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    ...(signal ? { signal } : {}),
    headers: {
      ...(token ? { "x-org-auth-token": token } : {}),
      ...(cookie ? { cookie } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    // Files are answered as they are: who asks for one as if it were JSON gets nothing of it.
    body: (isJson(response) ? await response.json() : {}) as Answer<T>["body"],
    headers: response.headers,
  };
}
