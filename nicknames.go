package contactsync

import "strings"

// nicknames are given names that people of one name go by, as they are compared. A word may stand in several lines:
// an Alex is an Alexander or an Alexandra. They make a suggestion and never a link.
const nicknames = `
abigail abby gail
albert al bert bertie albie
alexander alex alec sandy sasha xander
alexandra alex sandra sandy sasha lexi
alfred al fred alfie
amanda mandy
andrew andy drew
andreas andi
anna ann anne annie anya hannah
anthony tony anton
antonio toni tonio
barbara barb babs
benjamin ben benny benji
catherine katherine kathryn kate katie kathy cathy katja kat
charles charlie chuck chas carl
christian chris
christine christina chris chrissy tina
christopher chris kit topher
daniel dan danny
david dave davy
deborah debra debbie deb
dmitri dima
donald don donny
dorothy dot dotty dolly
edward ed eddie ned ted teddy
eleanor ellie nell nora
elizabeth elisabeth liz lizzie beth betty eliza lisa elsa bess
emily em emmy
eugene gene
florence flo florrie
frances fran franny
francis frank
francisco paco pancho
franciscus frans
frederick fred freddie friedrich fritz
gabriel gabe
gabriele gabi gaby
georg george schorsch jorge
gerald gerry jerry
gerard gerry
gregory greg
guillaume gui
harold harry hal
henry harry hank hal heinrich heinz
isabella bella izzy isabel
ivan vanya
jacob jake jakob
jacqueline jackie
james jim jimmy jamie
jan johannes johan hans
jennifer jen jenny
jeremy jerry
jessica jess jessie
johann hans
john jack johnny jon
jonathan jon jonny nathan
joseph joe joey jo sepp josef
jose pepe
joshua josh
judith judy
juan juanito
karl charles
katharina kathi katrin
kenneth ken kenny
kimberly kim
lawrence laurence larry laurie
leonard leo len lenny
louis lou louie luis ludwig
lucas luke luc
lucy lucia
ludovic ludo
madeleine maddie
margaret maggie meg peggy margie greta rita
maria marie mary mia
martin marty
mary molly polly mamie
matthew matt matty matthias
maximilian max
megan meg
melissa mel
michael mike mick mickey misha michel
michelle shelly
mikhail misha
nancy nan
natalia natasha natalie
nathaniel nat nate nathan
nicholas nick nicky nico klaus nicolas
olivia liv livvy
pamela pam
patricia pat patty tricia trish
patrick pat paddy rick
paul paulie pavel
peter pete petr piet pieter
philip phil pip phillip
rafael rafa
raymond ray
rebecca becky becca
reginald reg reggie
richard rick ricky dick rich richie
robert bob bobby rob robbie bert
roberto beto
ronald ron ronnie
rosemary rose rosie
rudolf rudi
russell russ
samantha sam
samuel sam sammy
sandra sandy
sebastian seb bastian basti
sergei seryozha
stephanie steph stefanie steffi
stephen steven steve stefan
susan sue susie suzanne
tatiana tanya
theodore ted teddy theo
theresa teresa terry tess tracy
thomas tom tommy
timothy tim timmy
valentina valya
victor vic
victoria vicky tori
vincent vince vinnie
virginia ginny
vladimir vova volodya
walter walt wally
wilhelm willi willy
william bill billy will willy liam
yevgeny zhenya
zachary zach zack
`

// namesakes are the lines of nicknames that a given name stands in, by their first word, sorted.
var namesakes = readNicknames(nicknames)

func readNicknames(table string) map[string][]string {
	lines := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(table)) {
		names := strings.Fields(line)
		for _, name := range names {
			lines[name] = append(lines[name], names[0])
		}
	}
	return lines
}

// nicknamed reports whether people of one given name may go by the other.
func nicknamed(x, y string) bool {
	for _, line := range namesakes[x] {
		for _, other := range namesakes[y] {
			if line == other {
				return true
			}
		}
	}
	return false
}
