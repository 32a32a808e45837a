import type { PageLoad } from "./$types.d.ts";

export const load: PageLoad = ({ params }) => ({ contactId: params.contactId });
