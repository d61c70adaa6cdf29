# מה שממשק המסוף אומר, בעברית. השמות כמו בקובץ האנגלי; מה שחסר כאן נאמר באנגלית.
# ריבוי: אחד, שניים, ויותר.

# כיוון השפה
direction = rtl

# --- app
app-erased = נמחק. אחרים ימחקו כשישמעו על כך.
app-edit-later = הטקסט של הרשומה הגיע. לחצו שוב על המקש כשתסיימו לכתוב.
app-stored = נשמר. יישלח ברגע שיתחבר עמית.
app-handed = { $count ->
    [one] נשמר ונמסר לעמית אחד.
    [two] נשמר ונמסר לשני עמיתים.
   *[other] נשמר ונמסר ל־{ $count } עמיתים.
}
app-posted = פורסם.
app-following = מעכשיו במעקב.
app-not-following = לא במעקב.
app-blocked = נחסם: דבר משם לא יוצג, לא יישמר ולא יועבר הלאה.
app-not-blocked = כבר לא חסום.
app-not-muted = כבר לא מושתק.
app-muted = הושתק: דבר משם לא יוצג.
app-still-missing = עדיין לא כאן: לאיש מהמחוברים אין את זה.
app-drafts-found = { $count ->
    [one] נשמרה טיוטה: [{ $key }] מוצא אותה.
    [two] נשמרו שתי טיוטות: [{ $key }] מוצא אותן.
   *[other] נשמרו { $count } טיוטות: [{ $key }] מוצא אותן.
}
app-scheduled = ממתין כאן לשעתו, ואז יפורסם.

# --- input
input-draft-kept = הטיוטה נשמרה: [{ $key }] מוצא אותה.
input-copied = הועתק: { $address }
input-not-yours = הרשומה הזאת של מישהו אחר: רק מי שכתב אותה יכול לשנות אותה.
input-that-is-you = זה את או אתה.
input-erase-sure = למחוק את הרשומה בכל מקום?
input-forget-sure = לזרוק את הטיוטה?
input-call-off-sure = לבטל את הפרסום?
input-block-sure = לחסום את { $who }?
input-no-tag = תגית היא מילה אחת.

# --- reading
reading-opens = נפתח { $address }
reading-no-links = הרשומה הזאת לא מובילה לשום מקום.
reading-no-lists = אין עדיין רשימות.
reading-no-poll = אין כאן סקר.
reading-poll-over = הסקר הזה הסתיים.
reading-voted = כבר הצבעת.
reading-vote-counted = ההצבעה נספרה.
reading-never-edited = הרשומה הזאת מעולם לא שונתה.
reading-always = האזהרות של { $who } ייפתחו מעכשיו.
reading-not-always = האזהרות של { $who } שוב סגורות.
reading-columns = { $count ->
    [one] טור אחד
    [two] שני טורים, היכן שיש מקום
   *[other] { $count } טורים, היכן שיש מקום
}
reading-all-read = כל השרשור נקרא.
reading-nothing-new = אין חדש.
reading-asked = נשאל שוב.

# --- news
news-back = השרת חזר.

# --- compose
compose-public = ציבורי: לכולם, בכל מקום
compose-unlisted = לא ברשימה: לכולם, אך לא בצירי זמן של זרים
compose-private = עוקבים: למי שעוקב אחריך
compose-direct = ישיר: למי שנזכר בו
compose-no-quotes = השרת הזה אינו יודע לצטט.
compose-local = מקומי: ברשת הזאת בלבד, לעולם לא דרך גשר
compose-empty = אין בזה עדיין דבר.
compose-quote-of = רשומה שמצטטת את { $who }
compose-answer-to = תשובה אל { $who }
compose-change = עריכת רשומה שלך
compose-new = רשומה חדשה
compose-warning = אזהרה
compose-language = שפה
compose-who = נראות
compose-sending = נשלח…
compose-file = תמונה
compose-describe = טקסט חלופי
compose-poll = סקר
compose-open-for = פתוח למשך
compose-choice = בחירה
compose-when = מתי
compose-one = תשובה אחת
compose-many = כמה תשובות
compose-for-minutes = 5 דקות
compose-for-half-hour = חצי שעה
compose-for-hour = שעה
compose-for-six-hours = 6 שעות
compose-for-half-day = 12 שעות
compose-for-day = יום
compose-for-three-days = 3 ימים
compose-for-week = שבוע
compose-file-named = עוד לתאר
compose-file-sending = בדרך אל השרת…
compose-file-ready = הועלה
compose-file-refused = נדחה:
compose-file-failed = קובץ לא התקבל: ctrl-x בשדה שלו מסיר אותו.
compose-files-wait = קובץ עוד בדרך: יישלח עוד רגע.
compose-undescribed = מי שלא רואה לא יקבל מזה דבר בלי תיאור. enter פעם נוספת משאיר כך.
compose-undescribed-yet = קודם יש לתאר מה רואים בתמונה; אחר כך אפשר לשלוח.
compose-one-option = סקר צריך שתי תשובות, שורה לכל אחת.
compose-when-wrong = מתי: המתנה (2h, 3 days) או זמן שיבוא (18:00, 2026-11-24 18:00).
compose-hint-file = נתיב של תמונה ואז enter; ctrl-x מסיר את האחרונה
compose-limit-file = נתיב ואז enter: { $kinds }, עד { $size } MiB, לכל היותר { $count }; ctrl-x מסיר
compose-limit-describe = מה רואים? לכל היותר { $count } תווים, ואז enter
compose-limit-poll = תשובה בכל שורה, לכל היותר { $count }
compose-hint-describe = מה רואים? ואז enter
compose-hint-poll = תשובה בכל שורה
compose-hint-when = ריק: מיד. או 2h, 3 days, 18:00, 2026-11-24 18:00
compose-hint-choice = כל מקש משנה
compose-of-characters = { $count } מתוך { $most } תווים
compose-characters = { $count ->
    [one] תו אחד
    [two] שני תווים
   *[other] { $count } תווים
}

# --- client
client-no-draft = לא היה אפשר לשמור את הטיוטה: { $why }
client-no-drafts = לא ניתן לקרוא את הטיוטות: { $why }
client-drafts-aside = לא כל הטיוטות ניתנות לקריאה; מה שנקרא נמצא כאן, והקובץ המקורי נשמר בשם { $place }
client-broke = משהו השתבש כאן; מה שקרה ייאמר כשהתוכנית תסתיים
client-memory-aside = לא היה אפשר לקרוא את המקום שלך, והוא נשכח; הקובץ המקורי נשמר בשם { $place }
client-no-memory = לא היה אפשר לשמור את המקום שלך: { $why }
client-no-picture = אי אפשר להשיג את התמונה
client-no-web = רק כתובות של הרשת נפתחות
client-no-browser = אין תוכנה שפותחת את זה: { $why }
client-no-stream = השרת לא משדר חדשות ({ $status })
client-stream-closed = השרת סגר את השידור
client-stream-too-much = השרת שלח יותר מהמותר
client-unreadable = אי אפשר לקרוא את תשובת השרת: { $why }
client-answered = השרת ענה { $status }
client-not-there = הצומת אינו פועל, או אינו בכתובת הזאת
client-slow = השרת מתמהמה

# --- upload
upload-unreadable = אי אפשר לקרוא את { $path }: { $why }
upload-too-large = הקובץ גדול מ־{ $count } MiB

# --- run
run-no-editor = לא היה אפשר להפעיל את העורך: { $why }
run-too-much = יותר מדי דברים בדרך

# --- view
view-too-small = דרוש 20 על 6
view-home = בית
view-local = כאן
view-network = רשת
view-notifications = התראות
view-bookmarks = סימניות
view-favourites = חיבובים
view-person = רשומות
view-thread = שרשור
view-change = עריכה
view-answer = תשובה
view-write = כתיבה
view-search = חיפוש: { $words }
view-keys = מקשים
view-form-keys = ctrl-s שליחה · esc שומר · tab לשדה הבא · ctrl-o עורך
view-new = { $count ->
    [one] רשומה חדשה אחת: [{ $key }] מציג אותה
    [two] שתי רשומות חדשות: [{ $key }] מציג אותן
   *[other] { $count } חדשות: [{ $key }] מציג אותן
}
view-new-more = יותר מ־{ $count } חדשות: [{ $key }] מציג אותן, [{ $other }] מתחיל מהחדשה ביותר
view-ask-tag = תגית:
view-history = גרסאות קודמות
view-choice-keys = enter או המספר בוחר · esc סוגר
view-poll-keys = space מסמן · enter מצביע · esc סוגר
view-help-keys = הקלדה מחפשת · esc חוזר · חצים זזים
view-hint-open = פתיחה
view-hint-back = חזרה
view-hint-fold = קיפול
view-hint-bookmark = סימניה
view-hint-follow = מעקב
view-hint-unfollow = הפסקת מעקב
view-hint-mute = השתקה
view-hint-unmute = ביטול השתקה
view-hint-note = הערה
view-hint-down = למטה
view-hint-up = למעלה
view-hint-choose = בחירה
view-hint-throw-away = השלכה
view-hint-let-in = הכנסה
view-hint-refuse = סירוב
view-hint-refresh = רענון
view-hint-call-off = ביטול
view-hint-author = מי כתב
view-hint-copy = העתקה
view-hint-next = הבא
view-hint-next-author = הכותב הבא
view-hint-previous = הקודם
view-hint-reply = תשובה
view-hint-compose = כתיבה
view-hint-boost = הדהוד
view-hint-like = חיבוב
view-hint-search = חיפוש
view-hint-help = מקשים
view-hint-quit = יציאה
view-lost = אין חיבור, מנסה שוב: { $why }. מה שהוקלד לא יאבד.
view-connecting = מתחבר…
view-connected = מחובר.
view-disk-low = הדיסק כמעט מלא: דבר של אחרים לא נקלט. יש לפנות מקום.
view-guarded = עדיין לא נחתם דבר: { $why }
view-guarded-why = קודם צריך לפגוש עמית שמכיר אותך
view-no-network = אין רשת
view-peers = { $count ->
    [one] עמית אחד
    [two] שני עמיתים
   *[other] { $count } עמיתים
}
view-syncing = { $count ->
    [one] מביא מעמית אחד
    [two] מביא משני עמיתים
   *[other] מביא מ־{ $count }
}
view-ask-search = חיפוש:
view-yes-no = y/n

# --- post
post-now = עכשיו
post-minutes = { $count } ד׳
post-hours = { $count } ש׳
post-days = { $count } י׳
post-years = { $count } שנ׳
post-via = { $who } דרך { $by }
post-file = [{ $kind }: { $alt }]
post-file-bare = [{ $kind }, בלי תיאור]
post-image = תמונה
post-video = סרטון
post-gifv = תמונה נעה
post-audio = צליל
post-unknown = קובץ
post-changed = נערכה
post-clock-ahead = לפי שעון שממהר
post-opens = [{ $key }] פותח
post-answers = { $count ->
    [one] תשובה אחת
    [two] שתי תשובות
   *[other] { $count } תשובות
}
post-boosts = { $count ->
    [one] הדהוד אחד
    [two] שני הדהודים
   *[other] { $count } הדהודים
}
post-likes = { $count ->
    [one] חיבוב אחד
    [two] שני חיבובים
   *[other] { $count } חיבובים
}
post-bookmarked = בסימניות שלך
post-quote-missing = [מצטטת רשומה שאינה כאן]
post-votes = { $count ->
    [one] הצבעה אחת
    [two] שתי הצבעות
   *[other] { $count } הצבעות
}
post-poll-open = [{ $key }] להצבעה
post-poll-until = עד { $when }
post-poll-over = הסתיים
post-run = { $who } הידהד { $count } רשומות

# --- choice
choice-quoted = הרשומה המצוטטת של { $who }
choice-links = פתיחה ([y] מעתיק):
choice-lists = רשימות:
choice-loading = נטען…
choice-poll = התשובה שלך:
choice-poll-several = התשובות שלך:

# --- side
side-posts = { $count ->
    [one] רשומה אחת
    [two] שתי רשומות
   *[other] { $count } רשומות
}
side-followers = { $count ->
    [one] עוקב אחד
    [two] שני עוקבים
   *[other] { $count } עוקבים
}
side-followed = במעקב אחרי { $count }
side-written = נכתבה { $when }
side-changed = נערכה { $when }
side-arrived = הגיעה { $when }
side-device = חתומה בידי המכשיר { $id }
side-entry = פריט { $id }

# --- thread
thread-loading = נטען…
thread-folded = { $count ->
    [one] אחת מקופלת
    [two] שתיים מקופלות
   *[other] { $count } מקופלות
}
thread-missing = רשומה שאינה כאן: [{ $key }] מבקש אותה
thread-erased = רשומה שנמחקה
thread-more = [{ $key }] מראה את ההמשך
thread-unread = { $count ->
    [one] אחת לא נקראה: [{ $key }] מגיע אליה
    [two] שתיים לא נקראו: [{ $key }] מגיע לבאה
   *[other] { $count } לא נקראו: [{ $key }] מגיע לבאה
}

# --- timeline
timeline-loading = נטען…
timeline-no-home = אין כאן עדיין דבר. כדאי לעקוב אחרי מישהו: [{ $invite }] פותח הזמנה, ותחת רשת [{ $key }] רואים מי עבר כאן.
timeline-no-public = עדיין לא עבר כאן דבר. ברגע שיתחבר עמית יופיעו כאן רשומות של אחרים.
timeline-no-notifications = עדיין איש לא השיב, לא חיבב ולא עקב.
timeline-no-bookmarks = אין עדיין סימניות. [{ $key }] מוסיף סימניה לרשומה.
timeline-no-favourites = אין עדיין חיבובים. [{ $key }] מחבב רשומה.
timeline-no-tag = אין כאן דבר עם התגית הזאת.
timeline-no-posts = אין כאן עדיין דבר משם.
timeline-no-list = איש ברשימה הזאת לא כתב דבר שנמצא כאן.
timeline-mention = { $who } השיב או הזכיר אותך
timeline-reblog = { $who } הידהד את זה
timeline-favourite = { $who } חיבב את זה
timeline-follow = { $who } עוקב אחריך
timeline-follow-request = { $who } מבקש לעקוב אחריך
timeline-poll = { $who }: סקר הסתיים
timeline-update = { $who } ערך את זה
timeline-status = { $who } כתב את זה
timeline-quote = { $who } ציטט אותך
timeline-other = { $who } עשה משהו חדש
timeline-you-follow = במעקב שלך
timeline-follows-you = עוקב אחריך
timeline-muted = מושתק
timeline-blocked = חסום
timeline-counts = { $posts ->
    [one] רשומה אחת
    [two] שתי רשומות
   *[other] { $posts } רשומות
}, { $followers ->
    [one] עוקב אחד
    [two] שני עוקבים
   *[other] { $followers } עוקבים
}, במעקב אחרי { $followed }
timeline-searching = מחפש…
timeline-not-found = לא נמצא דבר במה ששמור כאן.

# --- help
help-filter = חיפוש: { $words }
help-nothing = אין מקש שעושה את זה.
help-liked = חיבבת
help-boosted = הודהד, בידך או בידי מי שכתוב
help-bookmarked = בסימניות שלך
help-reply = תשובה
help-files = יש תמונות או קבצים
help-warning = מאחורי אזהרה
help-unread = לא נקרא

# --- health
health-waiting = { $count ->
    [one] פריט אחד שלך ממתין [{ $key }]
    [two] שני פריטים שלך ממתינים [{ $key }]
   *[other] { $count } פריטים שלך ממתינים [{ $key }]
}
health-unheld = { $count ->
    [one] רשומה אחת רק כאן בינתיים [{ $key }]
    [two] שתי רשומות רק כאן בינתיים [{ $key }]
   *[other] { $count } רשומות רק כאן בינתיים [{ $key }]
}
health-no-peers = אין עמיתים: [{ $key }] פותח הזמנה או נותן אחת
health-drafts = { $count ->
    [one] טיוטה אחת
    [two] שתי טיוטות
   *[other] { $count } טיוטות
}
health-clock-behind = { $count ->
    [one] השעון כאן מפגר בדקה אחרי השרת: יש לכוון אותו
    [two] השעון כאן מפגר בשתי דקות אחרי השרת: יש לכוון אותו
   *[other] השעון כאן מפגר ב־{ $count } דקות אחרי השרת: יש לכוון אותו
}
health-clock-ahead = { $count ->
    [one] השעון כאן מקדים בדקה את השרת: יש לכוון אותו
    [two] השעון כאן מקדים בשתי דקות את השרת: יש לכוון אותו
   *[other] השעון כאן מקדים ב־{ $count } דקות את השרת: יש לכוון אותו
}

# --- sheet
sheet-outbound = יוצאות
sheet-mesh = עמיתים
sheet-origin = מאין זה בא
sheet-mute = השתקה
sheet-lists = רשימות
sheet-identity = מי זה
sheet-drafts = טיוטות
sheet-invite = הזמנה
sheet-requests = בקשות
sheet-since = השלמה
sheet-catchup = השלמה
sheet-loading = נטען…

# --- outbound
outbound-stored = נשמר
outbound-sent = { $count ->
    [0] עוד לא נשלח לאיש
    [one] נשלח לעמית אחד
    [two] נשלח לשני עמיתים
   *[other] נשלח ל־{ $count } עמיתים
}
outbound-held = { $count ->
    [0] עוד אין מי שמחזיק
    [one] אחד מחזיק
    [two] שניים מחזיקים
   *[other] { $count } מחזיקים
}
outbound-unheld = איש מהם עוד לא אמר שהוא מחזיק בזה
outbound-no-network = ממתין: הצומת פועל בלי רשת
outbound-no-peer = ממתין לעמית: איש לא מחובר
outbound-nobody-asked = ממתין: אף עמית מחובר לא מבקש את הרשומות שלך
outbound-gone = רשומה שנמחקה
outbound-none = דבר משלך לא ממתין.
outbound-scheduled = ממתין לשעתו: { $when }
outbound-unsent = { $count ->
    [one] פריט אחד שלך ממתין לעמית
    [two] שני פריטים שלך ממתינים לעמית
   *[other] { $count } פריטים שלך ממתינים לעמית
}
outbound-files = { $count ->
    [one] קובץ אחד ברשומות שלפניך עוד לא הגיע
    [two] שני קבצים ברשומות שלפניך עוד לא הגיעו
   *[other] { $count } קבצים ברשומות שלפניך עוד לא הגיעו
}
outbound-unindexed = { $count ->
    [one] פריט אחד עוד לא במפתח המילים
    [two] שני פריטים עוד לא במפתח המילים
   *[other] { $count } פריטים עוד לא במפתח המילים
}

# --- mesh
mesh-connected = { $count ->
    [0] אף עמית לא מחובר
    [one] עמית אחד מחובר
    [two] שני עמיתים מחוברים
   *[other] { $count } עמיתים מחוברים
}
mesh-nobody = אפשר לתת הזמנה (`starling invite new`), לפתוח אחת, או להוסיף כתובת (`starling peers add`).
mesh-no-network = הצומת פועל בלי רשת.
mesh-caught-up = כל מה שיש לעמיתים בשבילך כבר כאן.
mesh-fetching = עוד מביא.
mesh-not-asked = אין עמית שאפשר לבקש ממנו את מה שחסר.
mesh-same-machine = המחשב הזה
mesh-lan = רשת מקומית
mesh-direct = ישיר
mesh-relayed = דרך ממסר
mesh-we-called = אנחנו פנינו
mesh-they-called = הם פנו
mesh-peer-fetching = יש לו עוד בשבילך
mesh-peer-caught-up = אין לו עוד בשבילך
mesh-peer-idle = לא נשאל עכשיו
mesh-serving = מביא ממך
mesh-received = { $count ->
    [one] פריט אחד הגיע ממנו
    [two] שני פריטים הגיעו ממנו
   *[other] { $count } פריטים הגיעו ממנו
}
mesh-demerits = { $count ->
    [one] נקודה אחת לחובתו
    [two] שתי נקודות לחובתו
   *[other] { $count } נקודות לחובתו
}
mesh-traffic = מאז ההפעלה
mesh-gossip = רשומות חדשות: { $came } הגיעו, { $went } יצאו
mesh-sync = השלמות: { $came } הגיעו, { $went } יצאו
mesh-links = רשת הרכילות: { $links ->
    [one] קשר אחד
    [two] שני קשרים
   *[other] { $links } קשרים
} ב{ $shards ->
    [one] מקטע אחד
    [two] שני מקטעים
   *[other] ־{ $shards } מקטעים
}
mesh-refused = { $count ->
    [one] חיבור אחד נדחה
    [two] שני חיבורים נדחו
   *[other] { $count } חיבורים נדחו
}
mesh-coverage = { $count ->
    [one] ערוץ אחד נשמר
    [two] שני ערוצים נשמרים
   *[other] { $count } ערוצים נשמרים
}
mesh-held = { $count ->
    [one] פריט אחד
    [two] שני פריטים
   *[other] { $count } פריטים
}
mesh-complete = דבר לא חסר
mesh-missing = { $count ->
    [one] אחד חסר
    [two] שניים חסרים
   *[other] { $count } חסרים
}
mesh-sources = { $count ->
    [0] אצל אף עמית מחובר
    [one] אצל עמית מחובר אחד
    [two] אצל שני עמיתים מחוברים
   *[other] אצל { $count } עמיתים מחוברים
}
mesh-add = הוספת כתובת…
mesh-ask = כתובת:
mesh-ban-sure = לסרב לעמית הזה מעכשיו?
mesh-take-sure = לקבל שוב חיבורים מהעמית הזה?
mesh-remembered = { $count ->
    [one] עמית אחד זכור
    [two] שני עמיתים זכורים
   *[other] { $count } עמיתים זכורים
}
mesh-seen = נראה לאחרונה { $when }
mesh-never-seen = מעולם לא נראה
mesh-banned = מסורב

# --- origin
origin-author = כתב: { $who }
origin-good = החתימה תקינה: זה מה שנחתם.
origin-doubtful = אי אפשר לערוב לכל מה שכאן.
origin-unsigned = השרת הזה לא מספר על חתימה: מה שמוצג הוא דברו.
origin-device = מכשיר: { $device }
origin-place = מקום { $place } ביומן { $log } של המכשיר
origin-claimed = נכתבה { $when }, לדברי מי שכתב
origin-claimed-wrongly = נכתבה { $when } לפי שעון הכותב, שממהר
origin-time = נכתבה { $when }
origin-first-here = הגיעה לכאן לראשונה { $when }
origin-from = מהעמית { $peer }
origin-written-here = נכתבה בצומת הזה, או הובאה בקובץ.
origin-unknown = לא ידוע עליה דבר כאן.
origin-receipt = הקבלה: פריט { $id }, חתום כמו הרשומה
origin-erased = מי שכתב אותה מחק אותה.
origin-address = כתובת: { $address }
origin-never-changed = מעולם לא שונתה.
origin-versions = { $count ->
    [one] גרסה אחת
    [two] שתי גרסאות, הישנה תחילה
   *[other] { $count } גרסאות, הישנה תחילה
}

# --- mute, lists, identity, drafts, since
mute-whom = השתקת { $who }
mute-end = ביטול ההשתקה
mute-for-good = עד שתבוטל
mute-for-hour = לשעה
mute-for-eight-hours = ל־8 שעות
mute-for-day = ליום
mute-for-week = לשבוע
mute-for-month = ל־30 יום
mute-notifications = גם ההתראות מהם
lists-whom = הרשימות ש־{ $who } נמצא בהן
lists-new = רשימה חדשה…
lists-ask-title = שם הרשימה:
identity-whose = המזהה של { $who }
identity-yours = המזהה שלך
identity-how = יש להשוות למה שמוצג אצלם, או לסרוק. enter מעתיק.
identity-no-room = לקוד לסריקה דרוש { $columns } על { $rows }.
identity-no-letters = המסוף הזה אינו יכול לצייר קוד לסריקה.
drafts-new = רשומה חדשה…
invite-open = פתיחת הזמנה שקיבלת…
invite-ask = הזמנה:
invite-own = ההזמנה שלך, למי שאמור לעקוב אחריך
invite-how = enter מעתיק.
invite-opened = { $who } מעכשיו במעקב שלך.
requests-none = איש לא ממתין שתכניסו אותו.
requests-follow = { $who } רוצה לעקוב אחריך
requests-heard = { $who }, שאינו מוכר לך, רוצה להישמע
since-when = השלמה של מה שבבית
since-read = מאז הקריאה האחרונה
since-day = של היום האחרון
since-week = של השבוע האחרון
catchup-nothing = דבר לא נכתב מאז.
catchup-total = { $count ->
    [one] רשומה אחת
    [two] שתי רשומות
   *[other] { $count } רשומות
} של { $people ->
    [one] אדם אחד
    [two] שני אנשים
   *[other] { $people } אנשים
}
catchup-total-more = רק { $count } הרשומות החדשות, של { $people } אנשים
catchup-place = רשומה { $at } מתוך { $total } · { $who }, { $number } מתוך { $count }
catchup-end = זה היה הכול: { $count ->
    [one] רשומה אחת
    [two] שתי רשומות
   *[other] { $count } רשומות
} של { $people ->
    [one] אדם אחד
    [two] שני אנשים
   *[other] { $people } אנשים
}. מעכשיו הן נחשבות כנקראו.

# --- mouse
mouse-on = העכבר פועל: הגלגל זז, לחיצה בוחרת, עוד אחת פותחת; shift בוחר טקסט.
mouse-off = העכבר כבוי: הוא בוחר טקסט.

# --- people
people-note = ההערה שלך: { $note }
people-ask-note = הערה, בשבילך בלבד:
people-noted = ההערה נשמרה.
people-kept = נשמר.
people-notifying = תבוא הודעה על כל מה שייכתב שם.
people-not-notifying = לא תבוא עוד הודעה על מה שייכתב שם.
people-you-are-told = באה הודעה על מה שנכתב שם
people-followed = במעקב מאז { $when }
people-followed-invite = במעקב מאז { $when }, לפי הזמנה
people-followed-welcome = במעקב מאז { $when }, עם קבלת הפנים
people-followed-device = במעקב מאז { $when }, במכשיר אחר שלך
people-followed-own = במעקב מאז { $when }, אחרי רשומה שלהם
people-followed-via = במעקב מאז { $when }, דרך { $who }
people-requested = ביקשת לעקוב
people-muted-until = מושתק עד { $when }
people-notices-come = ההתראות מהם עדיין מגיעות
people-forked = ייתכן שלמישהו אחר יש המפתח שלהם: אחד הפריטים נחתם בשתי גרסאות.
people-retired = נאמר משם שלא ייכתב כאן עוד.
people-open-first = קודם יש לפתוח את האדם.
people-follow-first = קודם יש לעקוב.

# --- keys
key-down = הבא
key-up = הקודם
key-page-down = עמוד קדימה
key-page-up = עמוד אחורה
key-top = אל החדש ביותר
key-bottom = אל הישן ביותר שכאן
key-open = פתיחת השרשור
key-back = חזרה
key-next-timeline = ציר הזמן הבא
key-previous-timeline = ציר הזמן הקודם
key-load-new = הצגת החדש
key-refresh = לשאול שוב את השרת
key-compose = כתיבת רשומה
key-reply = תשובה
key-edit = עריכת רשומה שלך
key-delete = מחיקת רשומה שלך; זריקת טיוטה
key-boost = הדהוד, או ביטולו
key-like = חיבוב, או ביטולו
key-bookmark = סימניה, או הסרתה
key-vote = הצבעה
key-links = לאן זה מוביל: קישורים, תגיות, אנשים, מה שמצוטט
key-history = גרסאות קודמות של רשומה שנערכה
key-reveal = פתיחה או סגירה של מה שמאחורי אזהרה
key-reveal-always = תמיד לפתוח את האזהרות של הכותב, או לא עוד
key-fold = קיפול או פתיחה של תשובות או של רצף הדהודים; הכותב הבא בהשלמה
key-next-unread = הבאה שלא נקראה
key-person = מי כתב את זה
key-follow = מעקב, או ביטולו
key-mute = השתקה לזמן מה, או ביטולה
key-block = חסימה, או ביטולה
key-note = הערה על מישהו
key-notify = הודעה על כל מה שמישהו כותב, או לא עוד
key-on-lists = הרשימות שמישהו בהן
key-compare = מי זה, להשוואה
key-quote = ציטוט
key-origin = מאין באה הרשומה
key-catch-up = השלמה של מה שהוחמץ
key-drafts = טיוטות שנשמרו
key-requests = מי מבקש להיכנס
key-invite = פתיחת הזמנה, או הצגת שלך
key-queue = רשומות יוצאות, ולמה הן ממתינות
key-peers = עמיתים, ומה הם מביאים
key-search = חיפוש
key-tag = רשומות עם תגית
key-lists = בחירת רשימה
key-columns = טור אחד פחות, או שוב כולם
key-copy = העתקת מה שמוביל לרשומה: המזהה או הכתובת
key-mouse = שימוש בעכבר, או השארתו למסוף
key-help = מה עושים המקשים
key-palette = לעשות כל דבר לפי שמו
key-suspend = אל המעטפת; fg חוזר
key-quit = יציאה

# --- first
first-name = ברוכים הבאים ל־Starling
first-name-why =
    איך קוראים לך? אחרים רואים את זה; אפשר להשאיר ריק, ואפשר לשנות בכל עת.

    Starling היא רשת חברתית בלי שרתים: מה שנכתב נחתם במחשב הזה ומגיע למי שעוקב.

    כבר היית כאן? יש לצאת, ו־{ $command } יחזיר אותך.
first-name-keys = enter ממשיך · esc יוצא
first-name-long = בשם יש לכל היותר { $count } תווים.
first-phrase = מילות השחזור שלך
first-phrase-page = מילים { $first } עד { $last } מתוך { $count }
first-phrase-why = יש לכתוב את 24 המילים האלה על נייר: הן מוצגות רק עכשיו. מי שבידו המילים הוא את או אתה; בלעדיהן דיסק שאבד הוא שם שאבד. על שלוש מהן תישאלו.
first-phrase-keys = enter ממשיך · esc חוזר
first-asked = נכתבו?
first-asked-which = מילה { $count } ({ $step } מתוך 3):
first-asked-keys = enter ממשיך · esc מציג אותן שוב
first-asked-wrong = מילה { $count } הייתה אחרת: כדאי לבדוק שוב.
first-meet = איך פוגשים אחרים?
first-meet-why = אין ספר טלפונים: אנשים מוצאים זה את זה בהזמנות, או באותה רשת, ואז הצומת שלך נראה שם לאחרים. אפשר לשנות את זה אחר כך.
first-meet-invite = יש לי הזמנה
first-meet-near = ברשת המקומית
first-meet-nobody = עדיין לא
first-meet-keys = חצים בוחרים · enter ממשיך · esc חוזר
first-invite = הזמנה של מישהו
first-invite-why = יש להדביק את הקישור; הוא מתחיל ב־starling:invite:
first-invite-keys = enter ממשיך · esc חוזר
first-making = רק רגע
first-making-why = המפתחות שלך נוצרים.
first-making-keys = כמה שניות
first-failed = לא היה אפשר ליצור את החשבון
first-failed-keys = enter מנסה שוב · esc יוצא
first-done = הגעת. [c] כותב את הרשומה הראשונה, [?] מספר מה עושים המקשים.

# --- plain
plain-hello = שלום { $who }.
plain-begin = home קורא את ציר הזמן, help מספר על כל הפקודות, quit יוצא. N הוא המספר שלפני רשומה או אדם.
plain-drafts = { $count ->
    [one] טיוטה אחת שמורה: drafts קורא אותה
    [two] שתי טיוטות שמורות: drafts קורא אותן
   *[other] { $count } טיוטות שמורות: drafts קורא אותן
}
plain-lost = אין חיבור: { $why }. מנסה שוב.
plain-failed = לא נעשה: { $why }
plain-unknown = אין פקודה "{ $word }". help מספר מה יש.
plain-which-command = איזו מאלה: { $names }?
plain-nothing-asked = דבר לא נשאל.
plain-new-posts = { $count ->
    [one] רשומה חדשה אחת: home קורא אותה
    [two] שתי רשומות חדשות: home קורא אותן
   *[other] { $count } רשומות חדשות: home קורא אותן
}
plain-new-notices = { $count ->
    [one] התראה חדשה אחת: notifications קורא אותה
    [two] שתי התראות חדשות: notifications קורא אותן
   *[other] { $count } התראות חדשות: notifications קורא אותן
}
plain-empty = אין כאן עדיין דבר.
plain-end = זה הכול.
plain-more = next ממשיך
plain-boosted = הודהדה בידי { $who }
plain-depth = תשובה, רמה { $count }
plain-warned = אזהרה: { $warning }. read { $number } מספר מה מאחוריה.
plain-quotes = ציטוט של { $who }: { $text }
plain-you-like = חיבבת
plain-you-boosted = הידהדת
plain-you-marked = בסימניות שלך
plain-noted = נרשם.
plain-write = אפשר לכתוב, שורה אחר שורה. שורה עם נקודה בלבד שולחת.
plain-unsent = זה לא נשלח, ונשמר. send מנסה שוב.
plain-no-drafts = אין טיוטה כזאת.
plain-no-alt = מה רואים, בשביל מי שלא רואה: attach PATH | WORDS
plain-no-time = מתי? למשל 2h, 18:00, או 2026-11-24 18:00
plain-visibility-is = עכשיו { $now }. יש public, unlisted ו־local.
plain-no-words = לחפש מה?
plain-which = איזה? יש לומר את המספר שלפניו.
plain-which-post = איזו רשומה? יש לומר את המספר שלפניה.
plain-which-person = מי? יש לומר את המספר שלפני האדם, או שלפני רשומה שלו.
plain-which-answer = איזו תשובה? יש לומר את מספר הרשומה, ואז את מספרי התשובות.
plain-which-peer = מי? peers אומר את השמות; call מקבל כתובת.
plain-no-requests = איש לא מבקש דבר.
plain-asks-follow = { $number }. { $who } מבקש לעקוב אחריך
plain-asks-heard = { $number }. { $who } מבקש להישמע
plain-missed = { $count ->
    [one] רשומה אחת מאז
    [two] שתי רשומות מאז
   *[other] { $count } רשומות מאז
}
plain-missing = רשומה שאינה כאן.
plain-nobody = עדיין אין איש במעקב שלך.
plain-invited = { $who } מעכשיו במעקב שלך.
plain-say-yes = yes עושה את זה
plain-done = נעשה.

# --- plain/verbs
verb-home = אלה שבמעקב שלך, החדש תחילה
verb-local = האנשים של הצומת הזה
verb-network = כל מי שהצומת הזה שומע עליו
verb-notifications = מה שנוגע לך
verb-bookmarks = הסימניות שלך
verb-favourites = מה שחיבבת
verb-tag = רשומות עם תגית
verb-lists = הרשימות שלך
verb-next = להמשיך מהמקום שבו נעצר
verb-catchup = מה שנכתב בבית מאז שהיית כאן, או בכמה ימים
verb-open = השרשור של רשומה; הרשומות של אדם, תגית, רשימה
verb-read = רשומה שלמה, עם מה שמאחורי האזהרה
verb-links = הכתובות שברשומה
verb-history = איך רשומה נקראה קודם
verb-post = כתיבת רשומה, בשורה הזאת או בבאות
verb-reply = תשובה לרשומה
verb-warn = האזהרה שלפני הרשומה הבאה שלך
verb-language = השפה של הרשומות שלך, למשל gn
verb-visibility = עד היכן מגיעות הרשומות שלך
verb-quote = ציטוט רשומה בחדשה
verb-attach = תמונה של הרשומה הבאה שלך, עם מה שרואים בה
verb-poll = תשובות לבחירה ברשומה הבאה שלך; פתוח ליום
verb-at = מתי לפרסם את הרשומה הבאה שלך
verb-drafts = רשומות שלא נשלחו
verb-send = שליחת טיוטה
verb-drop = לשכוח טיוטה
verb-queue = למה הרשומות שלך ממתינות
verb-why = מאין באה רשומה: מי חתם עליה ומתי הגיעה
verb-edit = עריכת רשומה שלך
verb-delete = מחיקת רשומה שלך
verb-like = לחבב רשומה
verb-unlike = ביטול חיבוב
verb-boost = להדהד רשומה
verb-unboost = ביטול הדהוד
verb-mark = סימניה לרשומה
verb-unmark = הסרת סימניה
verb-vote = הצבעה בסקר
verb-search = רשומות, אנשים ותגיות עם המילים האלה
verb-person = מי כתב רשומה
verb-people = מי במעקב שלך
verb-follow = מעקב אחרי אדם, או אחרי מי שכתב רשומה
verb-unfollow = לא לעקוב עוד
verb-mute = לא להציג דבר משם, לתמיד או לכמה שעות
verb-unmute = שוב להציג
verb-block = לא להציג, לא לשמור ולא להעביר דבר משם
verb-unblock = ביטול חסימה
verb-note = הערה על אדם
verb-notify = הודעה על מה שאדם כותב
verb-quiet = לא עוד
verb-put = אדם אל רשימה
verb-take = אדם מתוך רשימה
verb-requests = מי מבקש דבר
verb-grant = כן לבקשה
verb-refuse = לא לבקשה
verb-invite = קישור לחבר, או פתיחת קישור של חבר
verb-peers = הצמתים ששלך מדבר איתם
verb-call = לחייג אל צומת, ולשמור את כתובתו
verb-ban = לסרב לצומת
verb-unban = לא עוד
verb-status = מה שלום הצומת
verb-yes = לעשות את מה שנשאל
verb-help = כל הפקודות, או אלה שיש בהן מילה
verb-quit = יציאה
