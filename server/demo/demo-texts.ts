/** Material for the demo organization: invented people, plain messages of the trade. */

export const FIRST_NAMES = [
  "Kim",
  "Luca",
  "Maya",
  "Noah",
  "Zoe",
  "Omar",
  "Ines",
  "Theo",
  "Lena",
  "Ravi",
  "Sofia",
  "Jonas",
  "Amara",
  "Felix",
  "Nadia",
  "Hugo",
  "Yuki",
  "Clara",
  "Mateo",
  "Priya",
  "Elias",
  "Freya",
  "Tariq",
  "Alma",
  "Bruno",
  "Selin",
  "Marta",
  "Diego",
  "Hana",
  "Oscar",
] as const;

export const LAST_NAMES = [
  "Berg",
  "Costa",
  "Okafor",
  "Lindner",
  "Rossi",
  "Haddad",
  "Novak",
  "Silva",
  "Moreau",
  "Tanaka",
  "Kaya",
  "Fischer",
  "Mbeki",
  "Larsen",
  "Petrov",
  "Iyer",
  "Walsh",
  "Duarte",
  "Yilmaz",
  "Bauer",
] as const;

export const NICHES = [
  "fit",
  "yoga",
  "coach",
  "studio",
  "eats",
  "skin",
  "brand",
  "runs",
  "travels",
  "design",
  "lifts",
  "mindset",
  "shop",
  "nutrition",
  "photo",
  "dance",
  "wellness",
  "ceramics",
] as const;

export const TAGS = [
  "coaching",
  "e-commerce",
  "fitness",
  "agency",
  "warm intro",
  "price-sensitive",
  "VIP",
  "podcast",
] as const;

export const LOST_REASONS = [
  "Too expensive",
  "Chose a competitor",
  "Bad timing",
  "No budget this year",
  "Not the decision maker",
] as const;

export const OPENERS = [
  "Hey! Loved your last reel. Are you taking on new clients at the moment?",
  "Hi, I saw your story about scaling your programme. Mind if I ask how you handle leads today?",
  "Great post on habits! Quick question: what's the hardest part of growing right now?",
  "Hey, your before/after carousel was brilliant. Do you run that offer all year?",
  "Hi! We help creators turn DMs into booked calls. Worth a short chat?",
] as const;

export const REPLIES = [
  "Hey, thanks! Yes, I have two spots left for January",
  "Haha thank you! Mostly spreadsheets to be honest",
  "Interesting, how does that work?",
  "Maybe. What does it cost?",
  "I've been looking for exactly this, tell me more",
  "Who else are you working with?",
] as const;

export const FOLLOW_UPS = [
  "Totally get it. Shall I send you a two-minute video of how it works?",
  "We usually see the first booked calls within two weeks. Want to see an example?",
  "Would Thursday at 3 pm suit you for a quick call?",
  "Just floating this back to the top of your inbox",
  "No pressure at all. Should I check back next month?",
] as const;

export const BOOKED = [
  "Thursday works, see you then!",
  "Booked! Looking forward to it",
  "Just picked a slot for Monday",
] as const;
export const DECLINES = [
  "Thanks, but we went with someone else",
  "Not for us right now, sorry",
  "It's over our budget, maybe next year",
] as const;
export const FOLLOW_UP_NOTES = [
  "Ask how the call went",
  "Send the two case studies before",
  "Confirm the time zone of the meeting",
  "She wanted the prices in writing",
  "Bring the offer for twelve weeks",
] as const;

export const NOTES = [
  "Runs a group programme with 40 people, decides alone.",
  "Asked for a case study in the fitness niche.",
  "Prefers voice messages. In Lisbon time.",
  "Partner has to agree to anything above 2,000.",
] as const;
