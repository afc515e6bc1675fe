"""Passwords of ten characters and more that lists of leaked ones put first. Compared without regard to case.

Shorter ones are not listed, because they are refused for their length, and neither is one sign repeated.
"""

COMMON_PASSWORDS = frozenset(
    """
    0102030405 0123456789 01234567890 0987654321 09876543210 1029384756 1112223334 1122334455 112233445566
    123123123123 1231231234 1234123412 123412341234 1234512345 123456123456 1234567890 12345678900
    1234567890- 12345678901 1234567890123 123456789012 1234567890a 1234567890q 1234567890qwe
    1234567890qwerty 1234567891 12345678910 1234567899 123456789a 123456789abc 123456789o 123456789q
    123456789qwe 123456789z 1234567887654321 1234554321 123456654321 1234abcd1234 1234asdf1234 1234qwer1234
    1234qwerasdf 1234qwerasdfzxcv 123qwe123qwe 123qweasdzxc 123abc123abc 1357924680 1324354657 1472583690
    147258369a 14725836900 1597534862 159753456852 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i
    1q2w3e4r5t6y7u8i9o0p 1q2w3e4r!! 1q2w3e4r5t! 1qa2ws3ed4rf 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc
    1qaz!qaz1qaz 1qaz@wsx3edc 1qazxsw2!! 9876543210 98765432100 987654321a 987654321q !@#$%^&*()
    !qaz2wsx3edc !qaz@wsx#edc qwer1234!@ qwer1234!@# qwer1234!@#$ qwer1234!! q1w2e3r4t5 q1w2e3r4t5y6
    q1w2e3r4t5y6u7 qazwsxedc1 qazwsx123456 qazwsxedc123 qazwsxedcrfv qazxswedcvfr qazxswedc1 abc1234567
    abcd123456 abcd12345678 abcd1234!@ abcd1234abcd abcde12345 abcdef123456 abcdefghij abcdefghijk
    abcdefghijkl abcdefghijklmnopqrstuvwxyz abc123abc123 a123456789 a1234567890 a1b2c3d4e5 a1b2c3d4e5f6
    aa123456789 aa12345678 aa123456!! aaaa123456 aabbccddee asd123456789 asdasdasdasd asdf1234567 asdf123456
    asdf1234asdf asdf1234!@ asdfasdfasdf asdfghjkl1 asdfghjkl; asdfghjkl123 asdfgh123456 asdfqwer1234
    asdqwe123456 azertyuiop az123456789 admin12345 admin123456 admin1234! adminadmin administrator
    administrator1 alexander1 anderson123 babygirl123 barcelona1 baseball123 basketball basketball1
    billabong1 blackberry butterfly1 butterfly123 california california1 candyfloss changeme12 changeme123
    changemenow charlie123 chocolate1 chocolate123 christopher christopher1 cinderella computer123
    computer12 dragonball dragonball1 dragonballz dragon12345 everything football12 football123 footballer
    freedom123 geforce12345 generation gfhjkm12345 helloworld helloworld1 hello12345 hello123456 hellohello
    hello12345678 iloveyou12 iloveyou123 iloveyou1234 iloveyou!! iloveyoubaby iloveyou4ever internet123
    jennifer123 jordan12345 kingkong123 leonardo123 letmein123 letmein1234 letmein12345 letmeinplease
    letmeinnow liverpool1 liverpool123 liverpoolfc login12345 london12345 loveyou123 loveyou1234 lovelove123
    manchester manchester1 masterkey123 master12345 michael123 michaeljordan michelle123 minecraft1
    minecraft123 monkey12345 monkey123456 mypassword mypassword1 mypassword123 nevermind1 newpassword
    newpassword1 nintendo64 nothing123 passw0rd12 passw0rd123 passw0rd!! pass123456 pass1234567 password00
    password01 password10 password11 password12 password13 password21 password22 password23 password69
    password77 password88 password99 password123 password123! password1234 password12345 password123456
    password1! password12! password!! password!1 password.1 password2020 password2021 password2022
    password2023 password2024 password2025 password2026 passwordpassword passwort123 passwort1234 p@ssw0rd12
    p@ssw0rd123 p@ssword123 p@ssw0rd1234 p@ssw0rd!! p@55w0rd12 pakistan123 pepperoni1 pikachu123 playstation
    playstation2 pokemon123 pokemon1234 pokemonpokemon princess12 princess123 qwe123qwe123 qweasdzxc1
    qweasdzxc123 qweqweqweqwe qwer12345678 qwer123456 qwerasdfzxcv qwerqwer1234 qwert12345 qwert123456
    qwerty1234 qwerty12345 qwerty123! qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789
    qwerty1234567890 qwertyqwerty qwertyuio1 qwertyuiop qwertyuiop1 qwertyuiop12 qwertyuiop123 qwertyuiop[]
    qwertyuiop[]\\ qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertz1234 qwertzuiop qwertzuiopü
    realmadrid realmadrid1 rockandroll samsung123 samsung1234 samsung12345 secret12345 secret123456
    skywalker1 snickers123 snowboard1 soccer12345 spiderman1 spiderman123 spongebob1 spongebob123 starwars12
    starwars123 starwars1234 strawberry strawberry1 student123 student1234 sunshine12 sunshine123
    sunshine1234 superman12 superman123 superman1234 superstar1 superstar123 sweetheart sweetheart1
    temp123456 temporary1 test123456 test12345678 test1234567 test1234!! testing123 testing1234 testpassword
    testtest12 testtest123 thisismypassword tinkerbell trustno1234 trustnoone user123456 victoria123
    volleyball volleyball1 watermelon welcome123 welcome1234 welcome12345 welcome123! welcome2024
    welcome2025 welcome2026 welcomehome westlife123 whatever12 whatever123 woaini1314 woaini1314520
    woaini5201314 wordpass123 youtube123 yourpassword zaq12wsxcde zaq1zaq1zaq1 zaq1xsw2cde3 zaq12wsx!!
    zxc123456789 zxcasdqwe123 zxcv123456 zxcvbnm123 zxcvbnm1234 zxcvbnm12345 zxcvbnm,./ zxcvbnmasdfghjkl
    zxczxczxczxc dkssudgktpdy dkssudgktpdy1 dkssudgktpdy123 tkfkdgody123 tkfkdgody1234 tkfkdgody!!
    gksrnrwlsgks rlaqkqgksrmft alsrnrdlqslek qlalfqjsgh qlalfqjsgh1 qlalfqjsgh12 qlalfqjsgh123 qlalfqjsgh1!
    안녕하세요안녕하세요 비밀번호1234567890 사랑합니다사랑합니다 correcthorsebatterystaple correct-horse-battery-staple
    """.split()  # noqa: SIM905 - four hundred quoted words would bury the list
)
