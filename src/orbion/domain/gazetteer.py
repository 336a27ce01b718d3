"""Names that people give in Portuguese without saying what they are: cities, quarters, people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.text import normalise

_CITIES: Final = """
São Paulo|Rio de Janeiro|Brasília|Salvador|Fortaleza|Belo Horizonte|Manaus|Curitiba|Recife
Goiânia|Belém|Porto Alegre|Guarulhos|Campinas|São Luís|Maceió|Campo Grande|São Gonçalo|Teresina
João Pessoa|Duque de Caxias|Nova Iguaçu|São Bernardo do Campo|Natal|Santo André|Osasco|Sorocaba
Uberlândia|Ribeirão Preto|São José dos Campos|Cuiabá|Jaboatão dos Guararapes|Contagem|Joinville
Feira de Santana|Aracaju|Londrina|Juiz de Fora|Florianópolis|Aparecida de Goiânia|Serra
Campos dos Goytacazes|Belford Roxo|Niterói|São José do Rio Preto|Ananindeua|Vila Velha
Caxias do Sul|Porto Velho|Mogi das Cruzes|Jundiaí|Macapá|São João de Meriti|Piracicaba
Campina Grande|Santos|Mauá|Montes Claros|Boa Vista|Betim|Maringá|Anápolis|Diadema|Carapicuíba
Petrolina|Bauru|Caruaru|Vitória da Conquista|Itaquaquecetuba|Rio Branco|Blumenau|Ponta Grossa
Caucaia|Cariacica|Franca|Olinda|Praia Grande|Cascavel|Canoas|Paulista|Uberaba|Santarém
São Vicente|Ribeirão das Neves|São José dos Pinhais|Pelotas|Vitória|Barueri|Taubaté|Suzano
Palmas|Camaçari|Várzea Grande|Juazeiro do Norte|Juazeiro|Foz do Iguaçu|Sumaré|Petrópolis|Cotia
Taboão da Serra|Imperatriz|Santa Maria|São Carlos|Marabá|Indaiatuba|Gravataí
Governador Valadares|Embu das Artes|Araraquara|Mossoró|Volta Redonda|Ipatinga|Parnamirim|Viamão
Macaé|Rondonópolis|Santa Luzia|Dourados|Presidente Prudente|Itabuna|Novo Hamburgo|Americana
Sete Lagoas|Magé|Hortolândia|Criciúma|Itajaí|Chapecó|Marília|Jacareí|Divinópolis|Arapiraca
Colombo|Rio Verde|São Leopoldo|Limeira|Rio Claro|Itapevi|Sinop|Parauapebas|Águas Lindas de Goiás
Nossa Senhora do Socorro|Ilhéus|Passo Fundo|Luziânia|Lauro de Freitas|Cabo Frio
Santa Bárbara d'Oeste|Santa Bárbara do Oeste|Angra dos Reis|Ferraz de Vasconcelos|Ibirité
Nova Friburgo|Barra Mansa|Francisco Morato|Guarapuava|Itapecerica da Serra|São José|Paranaguá
Araçatuba|Teresópolis|Jequié|Itu|Alagoinhas|Bragança Paulista|Pindamonhangaba|Poços de Caldas
Palhoça|Balneário Camboriú|Camboriú|Itapetininga|São Caetano do Sul|Cubatão
Cachoeiro de Itapemirim|Linhares|Guarapari|Toledo|Apucarana|Barreiras|Patos de Minas
Pouso Alegre|Varginha|Lages|Jaraguá do Sul|Brusque|Tubarão|Atibaia|Mogi Guaçu|Mogi Mirim
Botucatu|Jaú|Araras|Leme|Catanduva|Votorantim|Barretos|Guaratinguetá|Valinhos|Vinhedo|Paulínia
Itatiba|Salto|Cosmópolis|Nova Odessa|Artur Nogueira|Jaguariúna|Pedreira|Holambra|Amparo
Serra Negra|Louveira|Cabreúva|Monte Mor|Capivari|Tietê|Boituva|Tatuí|Avaré|Ourinhos|Assis
Birigui|Votuporanga|Fernandópolis|Lins|Matão|Sertãozinho|Jaboticabal|Bebedouro
São João da Boa Vista|Pirassununga|Itapira|São Roque|Ibiúna|Caieiras|Cajamar|Franco da Rocha
Mairiporã|Arujá|Poá|Ribeirão Pires|Rio Grande da Serra|Santana de Parnaíba|Jandira|Embu-Guaçu
Ubatuba|Caraguatatuba|São Sebastião|Ilhabela|Guarujá|Bertioga|Itanhaém|Peruíbe|Mongaguá|Registro
Lorena|Cruzeiro|Caçapava|Campos do Jordão|Araxá|Ituiutaba|Araguari|Passos|Lavras|Itajubá
Barbacena|Conselheiro Lafaiete|Ouro Preto|Nova Lima|Sabará|Vespasiano|Teófilo Otoni|Muriaé|Ubá
Viçosa|Itabira|Coronel Fabriciano|Três Corações|Alfenas|Itaboraí|Maricá|Araruama|Itaguaí|Resende
Nilópolis|Queimados|Três Rios|Búzios|Arraial do Cabo|Colatina|São Mateus|Aracruz|Porto Seguro
Eunápolis|Teixeira de Freitas|Paulo Afonso|Simões Filho|Garanhuns|Cabo de Santo Agostinho
Igarassu|Vitória de Santo Antão|Sobral|Maracanaú|Crato|Iguatu|Parnaíba|Picos|Timon|Castanhal
Abaetetuba|Ji-Paraná|Ariquemes|Vilhena|Três Lagoas|Corumbá|Ponta Porã|Lucas do Rio Verde|Sorriso
Tangará da Serra|Catalão|Itumbiara|Jataí|Trindade|Formosa|Valparaíso de Goiás|Caldas Novas
Araguaína|Gurupi|Umuarama|Campo Mourão|Paranavaí|Arapongas|Cambé|Almirante Tamandaré|Pinhais
Araucária|Fazenda Rio Grande|Campo Largo|Pato Branco|Francisco Beltrão|Bento Gonçalves|Erechim
Santa Cruz do Sul|Alvorada|Cachoeirinha|Sapucaia do Sul|Uruguaiana|Rio Grande|Bagé|Gramado
Canela|Torres|Lajeado
"""
_SHORT_CITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sampa": "São Paulo",
        "sp capital": "São Paulo",
        "capital paulista": "São Paulo",
        "rio": "Rio de Janeiro",
        "rj": "Rio de Janeiro",
        "bh": "Belo Horizonte",
        "belo": "Belo Horizonte",
        "poa": "Porto Alegre",
        "floripa": "Florianópolis",
        "sjc": "São José dos Campos",
        "sao jose do rio preto": "São José do Rio Preto",
        "rio preto": "São José do Rio Preto",
        "ribeirao": "Ribeirão Preto",
        "sao bernardo": "São Bernardo do Campo",
        "sao caetano": "São Caetano do Sul",
        "balneario": "Balneário Camboriú",
        "foz": "Foz do Iguaçu",
        "santa barbara": "Santa Bárbara d'Oeste",
        "prudente": "Presidente Prudente",
    }
)
_QUARTERS: Final = """
Moema|Pinheiros|Alphaville|Vila Mariana|Vila Madalena|Tatuapé|Mooca|Itaim Bibi|Itaim|Perdizes
Higienópolis
Jardins|Butantã|Morumbi|Brooklin|Campo Belo|Santana|Tucuruvi|Lapa|Ipiranga|Saúde|Vila Olímpia
Bela Vista|Liberdade|Consolação|Santa Cecília|Pompeia|Penha|Itaquera|Jabaquara|Santo Amaro
Interlagos|Aclimação|Cambuci|Barra Funda|Vila Nova Conceição|Vila Prudente|Anália Franco
Vila Leopoldina|Alto de Pinheiros|Paraíso|Casa Verde|Pacaembu|Copacabana|Ipanema|Leblon|Botafogo
Flamengo|Tijuca|Barra da Tijuca|Recreio|Jacarepaguá|Méier|Lagoa|Laranjeiras|Icaraí|Gávea|Urca
Glória|Catete|Grajaú|Maracanã|Vila Isabel|Freguesia|Campo Grande|Ilha do Governador|Savassi
Lourdes|Pampulha|Buritis|Funcionários|Sion|Castelo|Santo Agostinho|Boa Viagem|Casa Forte|Graças
Meireles|Aldeota|Cocó|Batel|Água Verde|Bigorrilho|Ecoville|Cabral|Portão|Moinhos de Vento
Menino Deus|Bela Vista|Petrópolis|Trindade|Itacorubi|Campeche|Ingleses|Jurerê|Coqueiros|Asa Sul
Asa Norte|Águas Claras|Lago Sul|Sudoeste|Taguatinga|Setor Bueno|Setor Oeste|Pituba|Barra|Ondina
Rio Vermelho|Itapuã|Ponta Negra|Adrianópolis|Umarizal|Nazaré|Jatiúca|Ponta Verde|Manaíra|Tambaú
Gonzaga|Boqueirão|Embaré|Aparecida|Cambuí|Taquaral|Barão Geraldo|Guanabara|Botafogo
Mansões Santo Antônio|Chácara Primavera|Nova Campinas|Swiss Park|Sousas|Proença|Bonfim
Ponte Preta|Castelo|Centro|Campolim|Anhangabaú|Eloy Chaves|Cidade Jardim
"""
_NAMES: Final = """
adriana adriano alan alana alberto alessandra alessandro alex alexandra alexandre alice aline
alisson amanda ana anderson andre andrea andreia andressa angela angelica angelo antonia antonio
aparecida aparecido ariane arthur artur augusto barbara beatriz bia benedito benjamin bento
bernardo bianca breno bruna bruno caio camila camilla carina carla carlos carmem carmen carol
carolina caroline cassia catarina cecilia celia celio celso cesar cida cicero cintia clara
clarice claudia claudio claudinei cleber cleide cleiton cristiane cristiano cristina dalva dani
daniel daniela daniele danielle danilo davi david debora denis denise diego diogo dirce douglas
edgar edilson edinaldo edmilson edna edson eduarda eduardo elaine elena eliana eliane elias
elisa elisangela eliza elizabeth eloa emanuel emanuelly emerson emilia emily enzo erica erick
erika ester estela eva evandro evelyn ezequiel fabiana fabiano fabio fabricio fatima felipe
fernanda fernando filipe flavia flavio francisca francisco franciele gabriel gabriela gabi gael
geovana geraldo gilberto gilmar gilson giovana giovanna giovanni gisele giselle gislaine glaucia
gloria graziela guilherme gustavo heitor helena helio heloisa henrique henry hugo iara igor
ingrid irene isabel isabela isabella isabelle isadora isaac isis israel ivan ivone jair
jaqueline jean jefferson jessica joana joao joaquim joel jonas jonathan jorge jose josefa
josiane josue joyce juliana juliane juliano julia julio junior jussara karen karina karla katia
kelly kevin lais lara larissa laura lavinia leandro leila leo leonardo leticia liam ligia lilian
lili liz lorena lorenzo louise luan luana luca lucas lucia luciana luciano lucimara luis luisa
luiz luiza luzia manoel manu manuel manuela mara marcela marcelo marcia marcio marco marcos
margarida maria mariana mariane marina mario marisa marlene marli marta mateus matheus maria
mauricio mauro maya meire melissa michele michelle miguel milena milton mirela miriam moises
monica murilo nadia natalia natasha nathalia nelson neusa neide nicolas nicole nilson nilton
noah noemi olavo olivia orlando osvaldo oswaldo otavio pablo paloma pamela patricia paula paulo
pedro pietro priscila priscilla rafa rafael rafaela raimunda raimundo raissa ramon raquel raul
ravi rayssa rebeca regiane regina reginaldo reinaldo renan renata renato ricardo rita roberta
roberto robson rodolfo rodrigo rogerio romulo ronaldo rosa rosana rosangela rose roseli
rosimeire ruan rubens ruth sabrina samanta samara samuel sandra sandro sara sarah sebastiao
sergio severino sheila sidnei silvana silvia silvio simone sofia sonia sophia stefany stella
sueli suelen susana suzana taina tais talita tamires tania tarcisio tatiana tatiane telma teresa
tereza thais thales theo thiago tiago tomas ueslei ulisses vagner valdir valentina valeria vanda
vanderlei vanessa vania vera vicente vinicius vitor vitoria victor victoria viviane wagner
walter wanderson washington wellington wesley wilian william wilson yago yasmin yuri yara ze
zeca zilda livia juca noah lolita benicio gustavo ana aurora cecilia maite antonella ayla isis
noel joana caua kaua caue davi ryan thomas theodoro bento vicente anthony martim joaquina
stephany micaela rayane thayna thaina wallace wendel weverton everton erivaldo josias jonatas
josimar genivaldo adilson ademir adelia aline vilma ivete ivonete lourdes marinalva rosilene
edilene claudete odete iracema guiomar lurdes neuza
bru vitin vitinho duda nanda gui lu jo tati cris dri beto guto malu vini isa mari ju lele pri pati
kaka chico tiao tonho nando juninho nana lia nina teca tuca cacau deia dede edu fabi fran gege gil
helo jana jeni jess lari lena leti lipe lulu maju marcinho mila nati neia nico paty pedrinho rai
sandrinha silvinha teo tina tom toninho vivi will yas zeze zezinho carlinhos luizinho mazinho
"""


def _by_key(names: str) -> dict[str, str]:
    lines = (line.split("|") for line in names.strip().splitlines())
    return {normalise(name): name for line in lines for name in line}


CITIES: Final[Mapping[str, str]] = MappingProxyType({**_by_key(_CITIES), **_SHORT_CITIES})
QUARTERS: Final[Mapping[str, str]] = MappingProxyType(_by_key(_QUARTERS))
FIRST_NAMES: Final = frozenset(_NAMES.split())
# Cities that people are called after as well.
_SURNAMES: Final = """
assis toledo franca resende campos palmas santos prudente serra amparo torres lins leme betim
salvador patos picos araujo paulista trindade formosa vitoria natal barros
"""
SURNAMES: Final = frozenset(_SURNAMES.split())
