// The document is read by the browser from the server that it describes.
export const ssr = false;
