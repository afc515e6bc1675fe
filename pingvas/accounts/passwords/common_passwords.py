"""Passwords of fifteen characters and more that lists of leaked ones put first. Compared without regard to case.

Shorter ones are not listed, because they are refused for their length, and neither is one sign repeated.
"""

COMMON_PASSWORDS = frozenset(
    """
    112233445566778899 123123123123123 1234567887654321 123456789012345 1234567890123456
    12345678901234567890 1234567890qwerty 1234567890qwertyuiop 123456789123456789 123456789abcdefg
    123456789qwerty 1234qwerasdfzxcv 1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc4rfv
    1qaz2wsx3edc4rfv5tgb 987654321987654321 abc123abc123abc123 abcdefg123456789 abcdefghijklmnop
    abcdefghijklmnopqrstuvwxyz admin1234567890 adminadminadmin1 administrator123 administrator1234
    administratoradmin alleyesonmealleyesonme antidisestablishmentarianism asdfghjkl123456 asdfghjkl1234567
    asdfghjklasdfghjkl barcelonabarcelona baseballbaseball basketball12345 batmanandrobin123
    changemechangeme changethispassword chocolatechocolate computercomputer correct-horse-battery
    correct-horse-battery-staple correcthorsebattery correcthorsebatterystaple correcthorsebatterystaple1
    dkssudgktpdy123 dkssudgktpdy123456 dkssudgktpdydkssudgktpdy donttellanyone12 eoqkrskwkeoqkrskwk1
    facebookfacebook footballfootball forgotmypassword1 gksrnrwlsgksrnrwls godisgoodallthetime
    googlegooglegoogle happybirthday123 happynewyear2026 happynewyear2027 harrypotter12345
    harrypotterharrypotter idontknowmypassword iforgotmypassword ihateyouihateyou iloveyou1234567
    iloveyou123456789 iloveyoubaby123 iloveyouforever iloveyouforever1 iloveyouiloveyou iloveyousomuch1
    internetinternet jesuschristislord jesuslovesme123 letmeinletmeinletmein letmeinpleaseletmein
    liverpoolfootballclub loveyouforever123 manchesterunited manchesterunited1 merrychristmas123
    microsoftwindows midjourneymidjourney minecraftminecraft mypasswordispassword mysecretpassword
    nopasswordneeded password12345678 password123456789 password1234567890 password2026password
    passwordpassword passwordpassword1 pingvaspingvaspingvas pingvasstudio123 pleasechangeme123
    pleasechangethis pokemonpokemon123 princessprincess q1w2e3r4t5y6u7i8 q1w2e3r4t5y6u7i8o9p0
    qlalfqjsgh123456 qlalfqjsghqlalfqjsgh qwerty123456789 qwerty1234567890 qwerty123qwerty123
    qwertyqwerty123 qwertyuiop12345 qwertyuiop123456 qwertyuiop1234567890 qwertyuiopasdfghjkl
    qwertyuiopasdfghjklzxcvbnm realmadridbarcelona rootrootrootroot1 samsunggalaxy123 secretpassword123
    stablediffusion1 stablediffusionxl starwarsstarwars summer2026summer2026 sunshinesunshine
    supercalifragilisticexpialidocious superman12345678 supersecretpassword supersecurepassword
    thequickbrownfox thequickbrownfoxjumpsoverthelazydog thisisapassword thisismypassword thisismypassword!
    thisismypassword1 thisismypassword123 tkfkdgody1234567 tkfkdgodytkfkdgody tobeornottobe123
    tobeornottobethatisthequestion topsecretpassword1 trustno1trustno1 verysecurepassword welcome123456789
    welcometothejungle whatdoesthefoxsay zaq12wsxcde34rfv zaq1xsw2cde3vfr4 zxcvbnm123456789 zxcvbnmasdfghjkl
    zxcvbnmasdfghjklqwertyuiop 대한민국대한민국대한민국대한민국 비밀번호12345678901 비밀번호비밀번호비밀번호비밀번호 사랑해사랑해사랑해사랑해사랑해
    안녕하세요안녕하세요안녕하세요
    """.split()  # noqa: SIM905 - two hundred quoted words would bury the list
) | {"correct horse battery staple"}
